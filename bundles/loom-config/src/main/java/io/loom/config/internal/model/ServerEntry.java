package io.loom.config.internal.model;

import io.loom.api.Endpoint;
import io.loom.config.internal.Place;
import java.util.OptionalInt;

/** A server as written, with the places that messages about it cite. */
record ServerEntry(OptionalInt id, Endpoint endpoint, int weight, int maxConnections, Place place, Place portPlace) {}
