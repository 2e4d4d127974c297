export { findingsOf, taskApiChecks } from "./task-api/checks.js";
