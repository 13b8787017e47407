// The parts of ECharts the report draws with; esbuild leaves out all others.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  BarChart, CustomChart, HeatmapChart, LineChart,
  AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent,
  VisualMapContinuousComponent, CanvasRenderer,
]);

export const { init, version } = echarts;
