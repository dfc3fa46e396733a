/**
 * Which keys the file may have, as data: names, types, ranges, defaults, meaning, and whether they are in effect. The reader
 * checks files against it and docs/reference-yaml.md is compared with it, so that neither can drift.
 */
package io.loom.config.internal.schema;
