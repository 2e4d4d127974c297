export * from "./chart.js";
export * from "./check.js";
export * from "./diagram.js";
export * from "./display.js";
export * from "./doors.js";
export * from "./progress.js";
export * from "./table.js";
export * from "./workbook.js";
