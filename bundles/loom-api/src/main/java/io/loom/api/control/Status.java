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
     * @param id   kernel id, 0 if none is loaded
     * @param tag  16 hex digits, as bpftool shows
     * @param name as bpftool shows
     */
    public record ProgramView(int id, String tag, String name, List<AttachmentView> attachments) {
        public ProgramView {
            attachments = List.copyOf(attachments);
        }
    }

    /** @param mode {@code native}, {@code generic}, {@code offload}, or {@code none} with the reason in {@code problem} */
    public record AttachmentView(String device, int ifindex, String mode, int linkId, String problem) {}

    public Status {
        rejected = List.copyOf(rejected);
        warnings = List.copyOf(warnings);
        methods = List.copyOf(methods);
        algorithms = List.copyOf(algorithms);
    }
}
