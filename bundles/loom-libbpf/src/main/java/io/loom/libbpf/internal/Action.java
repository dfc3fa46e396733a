package io.loom.libbpf.internal;

/** What was attempted; reads as "cannot" + phrase + subject. */
public enum Action {
    LINK("link BPF objects"),
    OPEN("read BPF object"),
    LOAD("load BPF object"),
    CONFIGURE("set up, before loading, the map"),
    CREATE_MAP("create BPF map"),
    READ_MAP("read BPF map"),
    WRITE_MAP("write BPF map"),
    MAP_MEMORY("map into memory BPF map"),
    TEST_RUN("test-run BPF program"),
    PIN("pin to"),
    OPEN_PIN("open the pin"),
    INFO("read the kernel's description of"),
    ATTACH("attach XDP program to"),
    OFFLOAD("attach XDP program to"),
    REPLACE("replace the XDP program of"),
    DETACH("detach the XDP program of"),
    QUERY("ask which XDP program is attached to"),
    DUPLICATE("duplicate the file descriptor of"),
    LISTEN("listen to the kernel's"),
    BIND("choose the CPUs of"),
    EXAMINE("examine");

    private final String phrase;

    Action(String phrase) {
        this.phrase = phrase;
    }

    String failed(String subject) {
        return "cannot " + phrase + (subject.isEmpty() ? "" : " " + subject);
    }
}
