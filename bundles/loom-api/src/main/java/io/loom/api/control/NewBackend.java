package io.loom.api.control;

import io.loom.api.Endpoint;

/** A backend to add. @param weight 0 to 65535; 0 drains */
public record NewBackend(Endpoint endpoint, int weight) {
    public static final int DEFAULT_WEIGHT = 100;
    public static final int MAX_WEIGHT = 65535;
}
