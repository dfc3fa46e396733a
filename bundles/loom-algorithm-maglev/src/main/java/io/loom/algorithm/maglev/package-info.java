/**
 * Algorithm {@code maglev}: consistent hashing after Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
 * Balancer", NSDI 2016, section 3.4, with weights. Two machines with the same backends build the same table, and a change
 * of one backend moves few connections of the others. Pure Java: it knows neither BPF nor other algorithms.
 */
package io.loom.algorithm.maglev;
