/**
 * The {@code loom:*} commands of the Karaf shell, for people at a terminal and, with {@code --json}, for scripts. They ask
 * LoomControl and Telemetry and print; they decide nothing. A command that fails prints one message a problem (code, what,
 * why, what to do) and makes {@code bin/loom} exit with a non-zero status.
 */
package io.loom.shell.command;
