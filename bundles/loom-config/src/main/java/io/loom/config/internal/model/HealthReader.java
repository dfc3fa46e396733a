package io.loom.config.internal.model;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.schema.Spelling;
import io.loom.config.internal.schema.TimeSpan;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Health checks of upstreams, and {@code health_integration}, which lends one to {@code ebpf.backends}. */
final class HealthReader {
    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    static final HealthCheck DEFAULT = new HealthCheck(INTERVAL, TIMEOUT, 2, 3, OptionalInt.empty());

    private final Findings findings;

    HealthReader(Findings findings) {
        this.findings = findings;
    }

    Optional<HealthCheck> check(Optional<Section> section) {
        return section.map(check -> {
            Duration interval = span(check, "interval", INTERVAL);
            Duration timeout = span(check, "timeout", interval.compareTo(TIMEOUT) < 0 ? interval : TIMEOUT);
            if (timeout.compareTo(interval) > 0) {
                findings.error(Code.OUT_OF_RANGE, check.placeOf("timeout"), "timeout " + TimeSpan.format(timeout)
                        + " is longer than interval " + TimeSpan.format(interval), "probes of one server would overlap",
                        "make timeout at most " + TimeSpan.format(interval));
            }
            OptionalInt port = check.scalar("port", Integer.class).map(located -> OptionalInt.of(located.value()))
                    .orElse(OptionalInt.empty());
            return new HealthCheck(interval, timeout, check.number("rise", DEFAULT.rise()), check.number("fall", DEFAULT.fall()), port);
        });
    }

    /** Gives the group {@code default} its check, or takes all checks away where the file says so. */
    List<Group> integrate(Section ebpf, List<Group> groups) {
        Optional<Section> integration = ebpf.section("health_integration");
        if (integration.isEmpty()) {
            return groups;
        }
        if (!integration.get().enabled()) {
            return withoutChecks(integration.get(), groups);
        }
        if (groups.stream().noneMatch(Group::isDefault)) {
            withoutBackends(integration.get(), groups);
        }
        return groups.stream()
                .map(group -> group.isDefault() ? integrated(group, integration.get(), groups) : group)
                .toList();
    }

    /** The upstream whose check covers {@code ebpf.backends}; none without these. */
    static Optional<String> lender(Section ebpf, List<Group> groups) {
        return ebpf.section("health_integration").filter(any -> groups.stream().anyMatch(Group::isDefault))
                .flatMap(integration -> integration.scalar("upstream", String.class)).map(Located::value);
    }

    /** An upstream that is probed anyway is not worth a word: the file says what happens. */
    private void withoutBackends(Section integration, List<Group> groups) {
        Optional<Located<String>> reference = integration.scalar("upstream", String.class);
        reference.ifPresent(name -> {
            Optional<Group> named = groups.stream().filter(group -> group.name().equals(name.value())).findFirst();
            if (named.flatMap(Group::check).isEmpty()) {
                findings.warning(Code.UNUSED, name.place(), "upstream of health_integration has no effect",
                        named.isPresent() ? unchecked(name) : undefined(name),
                        named.isPresent() ? "give it one, or remove the key" : meant(reference, groups) + "define it below upstreams, or remove the key");
            }
        });
    }

    private static String unchecked(Located<String> name) {
        return "upstream " + name.value() + " has no health_check";
    }

    private static String undefined(Located<String> name) {
        return "upstream " + name.value() + " is not defined in this file";
    }

    private static String meant(Optional<Located<String>> reference, List<Group> groups) {
        List<String> others = groups.stream().filter(group -> !group.isDefault()).map(Group::name).toList();
        return reference.flatMap(name -> Spelling.closest(name.value(), others)).map(name -> "did you mean " + name + "? ").orElse("");
    }

    private List<Group> withoutChecks(Section integration, List<Group> groups) {
        List<String> checked = groups.stream().filter(group -> group.check().isPresent()).map(Group::name).toList();
        if (!checked.isEmpty()) {
            findings.warning(Code.CHECKS_OFF, integration.placeOf("enabled"), "no health check of upstream "
                    + String.join(", ", checked) + " has an effect", "health_integration.enabled is false",
                    "remove health_integration.enabled, or these checks");
        }
        return groups.stream().map(group -> group.checkedBy(Optional.empty(), server -> false)).toList();
    }

    private Group integrated(Group group, Section integration, List<Group> groups) {
        Optional<Located<String>> reference = integration.scalar("upstream", String.class);
        Optional<Group> other = reference.flatMap(name -> groups.stream()
                .filter(candidate -> candidate.name().equals(name.value()) && candidate != group).findFirst());
        if (other.isEmpty() || other.get().check().isEmpty()) {
            String reason = reference.isEmpty() ? "health_integration names no upstream"
                    : other.isEmpty() ? undefined(reference.get())
                    : unchecked(reference.get());
            findings.warning(Code.IMPLICIT_CHECK, integration.placeOf("upstream"), "ebpf.backends are probed by TCP connections every "
                    + TimeSpan.format(INTERVAL), reason, (other.isEmpty() ? meant(reference, groups) : "") + "define it below upstreams for other times");
        }
        HealthCheck check = other.flatMap(Group::check).orElse(DEFAULT);
        Group checked = other.isEmpty() ? group.checkedBy(Optional.of(check), server -> true) : matched(group, other.get(), check);
        return checked.onDown(GroupsReader.onDown(integration, other.map(Group::onDown).orElse(group.onDown())));
    }

    private Group matched(Group group, Group other, HealthCheck check) {
        Set<Endpoint> covered = other.servers().stream().map(ServerEntry::endpoint).collect(Collectors.toSet());
        for (ServerEntry server : group.servers()) {
            if (!covered.contains(server.endpoint())) {
                findings.warning(Code.UNPROBED, server.place(), "backend " + server.endpoint() + " is not probed and counts as up",
                        "upstream " + other.name() + " at " + other.place() + " has no such server", "add it to its servers");
            }
        }
        return group.checkedBy(Optional.of(check), server -> covered.contains(server.endpoint()));
    }

    private static Duration span(Section section, String key, Duration otherwise) {
        return section.scalar(key, Duration.class).map(Located::value).orElse(otherwise);
    }
}
