/**
 * What a packet costs: the composed program, the same that is attached for the same methods, run on frames in the kernel
 * without any device, against a program that does nothing. Reports, judges nothing: figures are compared within one run.
 * {@code loom bench} calls it; no product code does.
 */
package io.loom.itests.bench;
