package io.loom.api.control;

import io.loom.api.Problem;
import java.util.List;

/**
 * The whole appliance at a glance.
 *
 * @param ready    the configuration is in the kernel and first probes are done
 * @param waiting  what {@code ready} waits for; empty if ready
 * @param config   the configuration file
 * @param rejected problems of a newer version of the file that is not in force
 * @param warnings of the configuration in force and of the data path
 * @param program  the XDP program in force
 * @param methods  forwarding methods that are linked into it
 * @param algorithms deployed
 */
public record Status(
        boolean ready,
        String waiting,
        String config,
        List<Problem> rejected,
        List<Problem> warnings,
        ProgramView program,
        List<String> methods,
        List<String> algorithms) {

    /**
     * Loom's program and where it is.
     *
     * @param id   kernel id, 0 if none is loaded
     * @param tag  16 hex digits, as bpftool shows
     * @param name as bpftool shows
     * @param own  programs of the operator that are in force, in the order in which a frame meets them
     */
    public record ProgramView(int id, String tag, String name, List<OwnProgramView> own, List<AttachmentView> attachments) {
        /** Without programs of the operator. */
        public ProgramView(int id, String tag, String name, List<AttachmentView> attachments) {
            this(id, tag, name, List.of(), attachments);
        }

        /** The number of the program that interfaces have to run. */
        public int entry() {
            return own.isEmpty() ? id : own.get(0).id();
        }

        public ProgramView {
            own = List.copyOf(own);
            attachments = List.copyOf(attachments);
        }
    }

    /** @param position {@code before} Loom's program, or {@code replace} in its place */
    public record OwnProgramView(String name, String position, int id) {}

    /**
     * @param mode      {@code native}, {@code generic}, {@code offload}, or {@code none} with the reason in {@code problem}
     * @param programId what the kernel says that the interface runs: Loom's program, or the first of those in {@link ProgramView#own}; 0: none,
     *                  or nobody asked
     */
    public record AttachmentView(String device, int ifindex, String mode, int linkId, String problem, int programId) {
        /** Of whose program nobody has asked the kernel. */
        public AttachmentView(String device, int ifindex, String mode, int linkId, String problem) {
            this(device, ifindex, mode, linkId, problem, 0);
        }
    }

    public Status {
        rejected = List.copyOf(rejected);
        warnings = List.copyOf(warnings);
        methods = List.copyOf(methods);
        algorithms = List.copyOf(algorithms);
    }
}
