/**
 * What a packet costs: the composed program, the same that is attached for the same methods, run on frames in the kernel
 * without any device, against a program that does nothing. Each case has a target, a part of what Katran's program costs by
 * the same method; a miss is reported, not punished: {@code Bench} judges, and exits with 0.
 *
 * <p>{@code Catalogue} lists the cases. A {@code Stage} is the program on maps of its own; each {@code Vip} of it has one
 * forwarding method and one kind of tracking. Cases of few flows use the first of those of many, so that 1,000,000
 * connections are opened once. {@code Live} also sends the frames, over a veth.
 *
 * <p>{@code loom bench} calls it; no product code does.
 */
package io.loom.itests.bench;
