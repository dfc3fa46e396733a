/**
 * The way in: an SSH server for the shell's commands, on loopback by default. One user, {@code loom}; keys only, the first of
 * them made at the first start below the data directory; there is no password. It neither forwards ports nor serves files.
 * {@code bin/loom} is its client.
 */
package io.loom.shell.ssh;
