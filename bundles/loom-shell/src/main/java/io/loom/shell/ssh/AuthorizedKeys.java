package io.loom.shell.ssh;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.server.auth.pubkey.PublickeyAuthenticator;
import org.apache.sshd.server.session.ServerSession;

/**
 * Who may come in, by the lines of a file in OpenSSH's format. It is read again when it has changed, so that a key counts at
 * once; a line that is no key is a problem and locks out nobody but its owner. Thread-safe.
 */
final class AuthorizedKeys implements PublickeyAuthenticator {
    private final Path file;
    private Object stamp = "";
    private List<PublicKey> keys = List.of();
    private Optional<Problem> problem = Optional.empty();

    AuthorizedKeys(Path file) {
        this.file = file;
    }

    @Override
    public synchronized boolean authenticate(String user, PublicKey key, ServerSession session) {
        look();
        return user.equals(Operator.NAME) && keys.stream().anyMatch(known -> KeyUtils.compareKeys(known, key));
    }

    /** What is wrong with the file now. */
    synchronized Optional<Problem> problem() {
        look();
        return problem;
    }

    private void look() {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            Object next = List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
            if (!next.equals(stamp)) {
                parse(new String(SshKeys.read(file), StandardCharsets.UTF_8));
                stamp = next;
            }
        } catch (IOException unreadable) {
            keys = List.of();
            stamp = "";
            problem = Optional.of(Problem.of("LOOM-5204", "nobody can come in by SSH: " + file + " cannot be read", unreadable.getMessage(),
                    "put it back, or remove it and client_key beside it and restart: both are made anew"));
        }
    }

    private void parse(String text) {
        List<PublicKey> good = new ArrayList<>();
        List<String> bad = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            try {
                AuthorizedKeyEntry entry = line.isBlank() || line.strip().startsWith("#") ? null : AuthorizedKeyEntry.parseAuthorizedKeyEntry(line.strip());
                if (entry != null) {
                    good.add(entry.resolvePublicKey(null, PublicKeyEntryResolver.FAILING));
                }
            } catch (IOException | GeneralSecurityException | RuntimeException noKey) {
                bad.add(String.valueOf(number));
            }
        }
        keys = List.copyOf(good);
        problem = problem(good.size(), bad);
    }

    private Optional<Problem> problem(int good, List<String> bad) {
        String fix = "write one key a line, as in a .pub file; Loom reads it again at once";
        if (!bad.isEmpty()) {
            String lines = String.join(", ", bad.subList(0, Math.min(bad.size(), 10))) + (bad.size() > 10 ? "..." : "");
            return Optional.of(Problem.of("LOOM-5204", (good == 0 ? "nobody can come in by SSH: " : "") + file + " has lines that are no keys",
                    "line " + lines, fix));
        }
        return good > 0 ? Optional.empty()
                : Optional.of(Problem.of("LOOM-5204", "nobody can come in by SSH: " + file + " has no key", "", fix));
    }
}
