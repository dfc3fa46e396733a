/**
 * The folder of plugins. Bundles are installed, replaced and removed as their files are, each on a thread of its own that may
 * never come back: a plugin is anybody's code, and must hold up neither other plugins nor the end of the process. Knows nothing
 * of what plugins provide; the data path does.
 */
package io.loom.deploy.internal;
