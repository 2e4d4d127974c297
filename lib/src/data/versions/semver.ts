/** Loaded when a version is compared: a build without versions goes without. */
export const semver = (): typeof import("semver") => require("semver") as typeof import("semver");
