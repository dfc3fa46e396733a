/**
 * What a file that fits the schema means: defaults, the two shapes of {@code xdp}, the flat form's vip {@code default},
 * references and contradictions between sections. {@link io.loom.config.internal.model.ConfigReader} is the entry.
 */
package io.loom.config.internal.model;
