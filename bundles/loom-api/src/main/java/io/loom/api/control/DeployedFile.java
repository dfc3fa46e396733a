package io.loom.api.control;

/**
 * A file in the folder of plugins and what became of it.
 *
 * @param file         its name
 * @param symbolicName of the bundle in it, empty if that is not known
 * @param version      of the bundle in it, empty if that is not known
 * @param bundle       number of the installed bundle, 0 if there is none
 * @param reason       why it is in that state, in one line; empty if there is nothing to say
 */
public record DeployedFile(String file, String symbolicName, String version, long bundle, State state, String reason) {

    /** What a file is to Loom. */
    public enum State {
        /** Its bundle runs. */
        ACTIVE,
        /** Its bundle is about to run, or to stop. */
        STARTING,
        /** Another file holds the same bundle, and this one takes over when that goes. */
        DUPLICATE,
        /** No jar: of no concern. */
        IGNORED,
        /** It is being written. */
        WRITING,
        /** It cannot be read, or holds no bundle. */
        BROKEN,
        /** The bundle needs something that is not there. */
        UNRESOLVED,
        /** The bundle, or a component of it, threw when it was started. */
        FAILED,
        /** The bundle does not come back from being started or stopped. */
        HANGING;

        /** Whether somebody has to do something about it. */
        public boolean isProblem() {
            return compareTo(BROKEN) >= 0;
        }
    }
}
