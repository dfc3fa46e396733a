/**
 * What the parts of the configuration reader share: places in the file, the list of codes, and the collector of findings.
 * The way of a file: {@code yaml} (text to nodes), {@code schema} (which keys exist), {@code model} (what they mean),
 * {@code watch} (when to read again).
 */
package io.loom.config.internal;
