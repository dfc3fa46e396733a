/**
 * Algorithm {@code weighted}: new connections go to the backends in turn, in proportion to their weights and without bursts.
 * Pure Java: it knows neither BPF nor other algorithms.
 */
package io.loom.algorithm.weighted;
