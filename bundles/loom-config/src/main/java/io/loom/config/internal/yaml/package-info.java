/**
 * Text to checked values: decodes and parses YAML within limits, then reads the nodes against the schema. Knows types and
 * places, not meanings; every problem goes to the collector and reading goes on.
 */
package io.loom.config.internal.yaml;
