// The published marts from Node.js: npm ci && node read.mjs ../../warehouse
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

const warehouse = path.resolve(process.argv[2] ?? "../../warehouse");

// A connection sees the marts it was opened on. Open one per question, or anew when manifest.json
// has changed, and the next publication is there.
async function ask(file, sql) {
  const instance = await DuckDBInstance.create(file, file === ":memory:" ? {} : { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const [engine] = await ask(":memory:", "select version() as version");
const churn = await ask(
  path.join(warehouse, "marts.duckdb"),
  `select period_start, opening, lost, closing, churn_rate
   from retention.retention_rates
   where grain = 'month' and basis = 'any' and dimension = 'all' and is_complete
   order by period_start`,
);
const tables = await ask(
  path.join(warehouse, "marts.duckdb"),
  "select schema_name || '.' || table_name as name, estimated_size as rows from duckdb_tables() order by name",
);
const orders = await ask(
  ":memory:",
  `select count(*) as orders, sum(net_revenue) as net_revenue
   from '${path.join(warehouse, "parquet", "core", "orders.parquet").replaceAll("'", "''")}'`,
);
console.log(JSON.stringify({ engine: engine.version, churn, tables: tables.length, orders: orders[0] }, null, 1));
