package io.loom.itests.lab;

import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A DNS client that asks for the text of {@code whoami.lab} at a pace, over some sockets by turns, and numbers its questions. A
 * program of its own, run on the client of the lab:
 * <pre>
 *   Asker ADDRESS PORT SOCKETS PER_SECOND     until standard input ends
 * </pre>
 * It prints one line {@code key=value ...} as the {@link Visitor} does: answers by backend, questions without answer as
 * failures, and how many sockets had answers from more than one backend, as {@code moved}.
 */
final class Asker {
    private static final int PATIENCE_MILLIS = 2000;
    /** What was not asked since this thread had no CPU stays unasked, but for 20 ms: a backend's socket has room for 270 questions at once. */
    private static final long MOST_LATE_NANOS = 20_000_000L;
    private static final byte[] QUESTION = question();

    private final Flow[] flows;
    private volatile boolean stopped;

    /** One socket: its questions by number, which is the id of the DNS message, and who answered. */
    private static final class Flow extends Thread {
        final DatagramSocket socket;
        final BitSet open = new BitSet();
        final Map<String, Long> answers = new TreeMap<>();
        int asked;

        Flow(InetSocketAddress server) throws IOException {
            socket = new DatagramSocket();
            socket.connect(server);
            socket.setSoTimeout(PATIENCE_MILLIS);
        }

        void ask() throws IOException {
            byte[] message = QUESTION.clone();
            synchronized (this) {
                if (asked > 0xffff) {
                    throw new IllegalStateException("out of numbers: fewer questions a second, or more sockets");
                }
                message[0] = (byte) (asked >> 8);
                message[1] = (byte) asked;
                open.set(asked++);
            }
            socket.send(new DatagramPacket(message, message.length));
        }

        /** Reads answers until none has come for a while. */
        @Override
        public void run() {
            DatagramPacket packet = new DatagramPacket(new byte[512], 512);
            try {
                while (true) {
                    socket.receive(packet);
                    answered(packet.getData(), packet.getLength());
                }
            } catch (SocketTimeoutException quiet) {
                // nothing more comes
            } catch (IOException e) {
                throw new IllegalStateException("cannot receive", e);
            }
        }

        private synchronized void answered(byte[] message, int length) {
            String text = new String(message, 0, length, StandardCharsets.ISO_8859_1);
            open.clear((message[0] & 0xff) << 8 | message[1] & 0xff);
            answers.merge(text.substring(text.lastIndexOf("backend")), 1L, Long::sum);
        }
    }

    private Asker(InetSocketAddress server, int sockets) throws IOException {
        flows = new Flow[sockets];
        for (int i = 0; i < sockets; i++) {
            flows[i] = new Flow(server);
        }
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        InetAddress address = InetAddress.getByName(arguments[0]);
        Asker asker = new Asker(new InetSocketAddress(address, Integer.parseInt(arguments[1])), Integer.parseInt(arguments[2]));
        asker.ask(Integer.parseInt(arguments[3]));
        asker.report();
    }

    private void ask(int perSecond) throws IOException, InterruptedException {
        Thread watcher = new Thread(this::stopAtEndOfInput);
        watcher.setDaemon(true);
        watcher.start();
        for (Flow flow : flows) {
            flow.start();
        }
        long due = System.nanoTime();
        for (int i = 0; !stopped; i++) {
            flows[i % flows.length].ask();
            due = Math.max(due + TimeUnit.SECONDS.toNanos(1) / perSecond, System.nanoTime() - MOST_LATE_NANOS);
            LockSupport.parkNanos(due - System.nanoTime());
        }
        for (Flow flow : flows) {
            flow.join();
        }
    }

    private void stopAtEndOfInput() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new IllegalStateException("cannot read standard input", e);
        } finally {
            stopped = true;
        }
    }

    private void report() {
        Map<String, Long> answers = new TreeMap<>();
        List<Integer> lost = new ArrayList<>();
        int moved = 0;
        for (Flow flow : flows) {
            flow.answers.forEach((backend, count) -> answers.merge(backend, count, Long::sum));
            flow.open.stream().forEach(lost::add);
            moved += flow.answers.size() > 1 ? 1 : 0;
        }
        StringBuilder line = new StringBuilder();
        answers.forEach((backend, count) -> line.append(backend).append('=').append(count).append(' '));
        String first = lost.isEmpty() ? "none" : "question_" + lost.get(0);
        System.out.println(line + "failures=" + lost.size() + " first=" + first + " moved=" + moved);
    }

    /** RFC 1035: a header with recursion desired and one question, TXT in class IN. */
    private static byte[] question() {
        return "\0\0\1\0\0\1\0\0\0\0\0\0\6whoami\3lab\0\0\20\0\1".getBytes(StandardCharsets.ISO_8859_1);
    }
}
