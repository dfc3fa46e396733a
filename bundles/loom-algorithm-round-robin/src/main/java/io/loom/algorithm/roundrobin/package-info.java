/**
 * Algorithm {@code round_robin}: new connections go to the backends in turn; a weight says only whether a backend takes part.
 * Pure Java: it knows neither BPF nor other algorithms.
 */
package io.loom.algorithm.roundrobin;
