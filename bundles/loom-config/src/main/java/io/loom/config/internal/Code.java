package io.loom.config.internal;

/**
 * Every code that this bundle uses; docs/errors.md lists the same ones (a test compares). Numbers are never reused. Below 2100:
 * errors, the file is refused. From 2100: warnings, the file is in force.
 */
public enum Code {
    UNREADABLE(2001, "the file cannot be read"),
    TOO_LARGE(2002, "the file is larger than 2 MiB"),
    NOT_UTF8(2003, "the file is not UTF-8 text"),
    SYNTAX(2004, "the text is not YAML"),
    EMPTY(2005, "the file holds no configuration"),
    TOO_COMPLEX(2006, "nesting, aliases or values beyond the limits"),
    NO_FILE(2007, "no configuration file was named"),

    UNKNOWN_KEY(2010, "a key that does not exist there"),
    DUPLICATE_KEY(2011, "a key that stands twice in one section"),
    WRONG_TYPE(2012, "a value of the wrong type"),
    OUT_OF_RANGE(2013, "a number or duration outside its range"),
    NOT_ALLOWED(2014, "a word that is not one of the allowed ones"),
    MISSING_KEY(2015, "a required key that is absent"),
    MALFORMED(2016, "an address, duration or name that is not well formed"),

    DUPLICATE(2020, "an id, name, address, endpoint, port or listener that is used twice"),
    DANGLING(2021, "a reference to an upstream that does not exist"),
    CONTRADICTION(2022, "two places say different things"),
    NOT_PRIME(2023, "a maglev table size that is not a prime number"),
    STATELESS(2024, "connections or datagrams are not tracked where they must be"),
    CHOOSE_ONE(2025, "a vip needs either an upstream or backends of its own"),
    UNUSABLE_ADDRESS(2026, "an address that no vip, backend, source or station can have"),
    RESERVED_NAME(2027, "a name that Loom itself gives to something else"),
    TOO_MANY(2028, "more vips, listeners, backends, addresses or problems than there is room for"),
    MINIMAL(2029, "minimal tracking where every connection must be tracked"),
    BAD_LIST(2030, "a line of a list of networks that is none, or a list that cannot be read"),
    NO_OBJECT(2031, "the object of a program of the operator's cannot be read"),

    NO_INTERFACE(2102, "no interface is named, so nothing is attached"),
    NO_PORTS(2103, "no port is named, so nothing is balanced"),
    IMPLICIT_CHECK(2104, "health_integration uses a default TCP check"),
    UNPROBED(2105, "a backend that no health check covers"),
    DSR_PORT(2106, "a backend's port differs from the vip's, but DSR keeps the port"),
    NO_BACKEND(2107, "a vip without backends of one of its address families"),
    SIZE_DIFFERS(2108, "conntrack.max_entries differs from maps.connections.max_entries"),
    ADMIN_PORT(2109, "a vip covers a port of REST or SSH"),
    ROUTES_IGNORED(2110, "routes count only in mode hybrid"),
    DISABLED(2111, "nothing is balanced because ebpf or ebpf.xdp is off or absent"),
    UNUSED(2112, "something is defined that nothing uses"),
    CHECKS_OFF(2113, "health checks without effect because health_integration is off"),
    DSR_PRIMARY(2114, "DSR on the interface's addresses leaves out the host's own"),
    LOOPBACK(2115, "a backend on a loopback address"),
    FILE_GONE(2116, "the file cannot be read any more; the last good version stays in force"),
    PASSTHROUGH(2117, "a vip covers a port of passthrough_ports"),
    NOT_ROUTED(2118, "a vip of which no route says load_balance"),
    BUILT_IN(2119, "the object of the program lb does not exist; Loom's own is used"),
    NOT_DEPLOYED(2120, "`loomd --check`: an algorithm or forwarding method that is not deployed"),
    NO_SUCH_INTERFACE(2121, "`loomd --check`: an interface that this host does not have"),

    CPUS_UNKNOWN(2130, "the CPUs of the host cannot be told, so those of cpu_affinity are not checked");

    private final int number;
    private final String meaning;

    Code(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    /** As {@link io.loom.api.Problem} wants it, such as {@code LOOM-2010}. */
    public String text() {
        return "LOOM-" + number;
    }

    public String meaning() {
        return meaning;
    }
}
