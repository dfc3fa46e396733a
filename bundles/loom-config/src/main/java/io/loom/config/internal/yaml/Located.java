package io.loom.config.internal.yaml;

import io.loom.config.internal.Place;

/** A value with the place it was read from. */
public record Located<T>(T value, Place place) {}
