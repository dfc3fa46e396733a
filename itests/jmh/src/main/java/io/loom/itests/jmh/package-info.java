/**
 * What the control plane computes for each change, measured by JMH: `loom bench tables`. Not a test: nothing is asserted,
 * and `mvn verify` does not build it.
 */
package io.loom.itests.jmh;
