package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.libc;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Errno;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibC;
import io.loom.libbpf.internal.Netlink;
import io.loom.libbpf.internal.Options;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's news of links, neighbours, addresses, routes and their rules in this network namespace (rtnetlink(7)), which come as they
 * happen. It begins with the neighbours and links that there are. Needs no privilege. One thread reads.
 */
public final class NetworkEvents implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int NETLINK_ROUTE = 0;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int TIMEVAL_SIZE = 16;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int BUFFER = 65536;
    private static final int AT_ONCE = 10_000;
    private static final String SUBJECT = "network events";

    private final FileDescriptor socket;
    private final Memory buffer = new Memory(BUFFER);
    private boolean neighboursAsked;

    private NetworkEvents(FileDescriptor socket) {
        this.socket = socket;
    }

    /** @param millis how long {@link #next} waits */
    public static NetworkEvents open(int millis) {
        int number = (int) libc(LibC.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE), Action.LISTEN, SUBJECT);
        FileDescriptor socket = new FileDescriptor(number, SUBJECT);
        try {
            Memory timeout = Options.zeroed(TIMEVAL_SIZE);
            timeout.setLong(0, millis / 1000);
            timeout.setLong(Long.BYTES, millis % 1000 * 1000L);
            libc(LibC.setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, Options.address(timeout), TIMEVAL_SIZE), Action.LISTEN, SUBJECT);
            Memory address = Netlink.address();
            libc(LibC.bind(number, Options.address(address), (int) address.size()), Action.LISTEN, SUBJECT);
            NetworkEvents events = new NetworkEvents(socket);
            events.ask(Netlink.GET_LINKS);
            return events;
        } catch (RuntimeException failure) {
            socket.close();
            throw failure;
        }
    }

    /** The kernel answers one question at a time. */
    private void ask(int question) {
        Memory request = Netlink.dump(question);
        libc(LibC.send(socket.number(), Options.address(request), request.size(), 0), Action.LISTEN, SUBJECT);
    }

    /**
     * Waits for news, and takes all that has come until then: each change is a message of its own, and a routing daemon makes
     * thousands. Empty if there were none in the time, or none that matters here.
     */
    public List<NetworkEvent> next() {
        List<NetworkEvent> events = new ArrayList<>();
        boolean more = receive(0, events);
        for (int messages = 1; more && messages < AT_ONCE; messages++) {
            more = receive(MSG_DONTWAIT, events);
        }
        return events;
    }

    /** @return false if there was nothing */
    private boolean receive(int flags, List<NetworkEvent> events) {
        long length = LibC.recv(socket.number(), Options.address(buffer), BUFFER, flags);
        if (length < 0) {
            int errno = Native.getLastError();
            if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                return false;
            }
            if (errno == Errno.ENOBUFS) {
                events.add(new NetworkEvent.Lost());
                return true;
            }
        }
        libc(length, Action.LISTEN, SUBJECT);
        Netlink.Message message = Netlink.parse(buffer.getByteArray(0, (int) length));
        if (message.endOfDump() && !neighboursAsked) {
            neighboursAsked = true;
            ask(Netlink.GET_NEIGHBOURS);
        }
        events.addAll(message.events());
        return true;
    }

    @Override
    public void close() {
        socket.close();
    }
}
