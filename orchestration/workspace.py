"""Where one refresh reads and writes, as the outside contract names it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.memory import VARIABLE, memory_limit
from orchestration.settings import PROJECT, Settings, SettingsError, load_settings, parse_as_of


@dataclass(frozen=True)
class Workspace:
    """The folders and files of one refresh.

    Attributes:
        project: Folder of the project (dbt_project.yml).
        landing: Folder with the delivered files.
        warehouse: Folder with the marts and all that belongs to them.
        as_of: Last whole local day that counts; None = what the data says.
        settings_file: YAML map of settings; None = defaults.
        is_sample: True when no landing folder was named, so that the sample data is used.
        extensions: Folder with a business's own models, seeds, tests, settings and inputs.
    """

    project: Path
    landing: Path
    warehouse: Path
    as_of: date | None = None
    settings_file: Path | None = None
    is_sample: bool = False
    extensions: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Workspace":
        """Read HOLDFAST_LANDING, _WAREHOUSE, _AS_OF, _SETTINGS and _EXTENSIONS.

        Args:
            environment: Variables to read; the process's own by default. Relative paths are taken
                from the current directory.

        Returns:
            The workspace; absent variables give the sample's landing folder and `warehouse` in the
            project.

        Raises:
            SettingsError: When AS_OF is not a day, or a named folder or file does not exist.
        """
        variables = os.environ if environment is None else environment
        landing = variables.get("HOLDFAST_LANDING", "").strip()
        warehouse = variables.get("HOLDFAST_WAREHOUSE", "").strip()
        settings_file = variables.get("HOLDFAST_SETTINGS", "").strip()
        if landing and not Path(landing).is_dir():
            raise SettingsError(
                f"LANDING is {landing}, but there is no such folder. It should hold one file or "
                "folder per input, such as orders.csv; `make templates` writes empty ones to start "
                "from."
            )
        if settings_file and not Path(settings_file).is_file():
            raise SettingsError(f"SETTINGS is {settings_file}, but there is no such file.")
        extensions = variables.get("HOLDFAST_EXTENSIONS", "").strip()
        if extensions and not Path(extensions).is_dir():
            raise SettingsError(
                f"EXTENSIONS is {extensions}, but there is no such folder. docs/extending.md says "
                "what it holds."
            )
        if warehouse and Path(warehouse).exists() and not Path(warehouse).is_dir():
            raise SettingsError(f"WAREHOUSE is {warehouse}, which is a file; it must be a folder.")
        return cls(
            project=PROJECT,
            landing=Path(landing).resolve() if landing else PROJECT / "sample" / "landing",
            warehouse=Path(warehouse).resolve() if warehouse else PROJECT / "warehouse",
            as_of=parse_as_of(variables.get("HOLDFAST_AS_OF", "").strip()),
            settings_file=Path(settings_file).resolve() if settings_file else None,
            is_sample=not landing,
            extensions=Path(extensions).resolve() if extensions else None,
        )

    def read_settings(self) -> Settings:
        """Return the business settings of this workspace; raises SettingsError as they do."""
        return load_settings(
            self.settings_file, self.as_of, project=self.project, extensions=self.extensions
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that hand this workspace to a child process (dbt, the guards)."""
        return {
            "HOLDFAST_LANDING": "" if self.is_sample else str(self.landing),
            "HOLDFAST_WAREHOUSE": str(self.warehouse),
            "HOLDFAST_AS_OF": self.as_of.isoformat() if self.as_of else "",
            "HOLDFAST_SETTINGS": str(self.settings_file) if self.settings_file else "",
            "HOLDFAST_EXTENSIONS": str(self.extensions) if self.extensions else "",
            VARIABLE: memory_limit(),
            "HOLDFAST_WORK_DB": str(self.work_db),
            "DBT_TARGET_PATH": str(self.dbt_target),
            "DBT_LOG_PATH": str(self.dbt_logs),
            "DAGSTER_HOME": str(self.dagster_home),
        }

    @property
    def dbt_project(self) -> Path:
        """The dbt project: ours, or the one made of ours and the extension's."""
        return self.warehouse / ".dbt" / "project" if self.extensions else self.project

    @property
    def seeds(self) -> Path:
        """The seed files, those of the extension in the place of ours."""
        return self.dbt_project / "seeds"

    @property
    def work_db(self) -> Path:
        """The private database in which everything is built."""
        return self.warehouse / "work.duckdb"

    @property
    def marts_db(self) -> Path:
        """The published marts."""
        return self.warehouse / "marts.duckdb"

    @property
    def parquet_dir(self) -> Path:
        """The published Parquet files: a link that is swapped to the current version."""
        return self.warehouse / "parquet"

    @property
    def parquet_versions(self) -> Path:
        """The Parquet versions, one folder per refresh: the current one and the one before."""
        return self.warehouse / ".parquet"

    @property
    def manifest(self) -> Path:
        """What is published: refresh, cutoff, settings, rows and hashes."""
        return self.warehouse / "manifest.json"

    @property
    def checks_page(self) -> Path:
        """The page with the results of the input checks."""
        return self.warehouse / "checks.html"

    @property
    def report_page(self) -> Path:
        """The report that people look at."""
        return self.warehouse / "report" / "index.html"

    @property
    def lock_file(self) -> Path:
        """The file whose lock makes a refresh the only writer."""
        return self.warehouse / ".writer.lock"

    @property
    def step_log(self) -> Path:
        """What each step of each refresh cost, a line of JSON per step."""
        return self.warehouse / ".steps.jsonl"

    @property
    def outcomes_file(self) -> Path:
        """How the latest refresh ended, for what watches over the refreshes."""
        return self.warehouse / ".outcomes.json"

    @property
    def notices_file(self) -> Path:
        """What was told about failures and recoveries, a line of JSON per notice."""
        return self.warehouse / "notices.jsonl"

    @property
    def hash_key_file(self) -> Path:
        """The key with which personal columns are hashed, unless HOLDFAST_HASH_KEY gives one."""
        return self.warehouse / ".hash_key"

    @property
    def dagster_home(self) -> Path:
        """Dagster's records of runs."""
        return self.warehouse / ".dagster"

    @property
    def dbt_target(self) -> Path:
        """dbt's artifacts of this warehouse."""
        return self.warehouse / ".dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        """dbt's log of this warehouse."""
        return self.warehouse / ".dbt" / "logs"


def wal_of(database: Path) -> Path:
    """Return the file in which DuckDB keeps what is not yet in a database, where there is any."""
    return database.with_name(f"{database.name}.wal")
