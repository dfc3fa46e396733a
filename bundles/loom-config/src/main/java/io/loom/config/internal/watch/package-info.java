/**
 * The file over time: reads it at the start, again whenever its content changes, and hands good snapshots to subscribers. A
 * bad or missing file never takes away what is in force.
 */
package io.loom.config.internal.watch;
