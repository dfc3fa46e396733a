package io.loom.itests.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An HTTP client that is exact about what it counts. A program of its own, run on the client of the lab:
 * <pre>
 *   Visitor burst ADDRESS PORT REQUESTS     a new connection for each request, as fast as it can
 *   Visitor paced ADDRESS PORT PER_SECOND   the same, so many a second, until standard input ends
 *   Visitor steady ADDRESS PORT             one connection, a request every 10 ms, until standard input ends
 * </pre>
 * It prints one line {@code key=value ...}: answers by backend, failures, the largest latency in milliseconds.
 */
final class Visitor {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int WORKERS = 4;
    private static final int STEADY_PER_SECOND = 100;

    private final InetSocketAddress server;
    private final Map<String, Long> answers = new TreeMap<>();
    private long largestNanos;
    private long failures;
    private String firstFailure = "none";
    private volatile boolean stopped;

    private Visitor(InetSocketAddress server) {
        this.server = server;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Visitor visitor = new Visitor(new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2])));
        switch (arguments[0]) {
            case "burst" -> visitor.burst(Integer.parseInt(arguments[3]));
            case "paced" -> visitor.paced(Integer.parseInt(arguments[3]));
            case "steady" -> visitor.steady();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        visitor.report();
    }

    private void burst(int requests) throws InterruptedException {
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        for (int i = 0; i < requests; i++) {
            workers.execute(this::visit);
        }
        finish(workers);
    }

    private void paced(int perSecond) throws InterruptedException {
        stopAtEndOfInput();
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        long start = System.nanoTime();
        for (long i = 0; !stopped; i++) {
            LockSupport.parkNanos(start + TimeUnit.SECONDS.toNanos(i) / perSecond - System.nanoTime());
            workers.execute(this::visit);
        }
        finish(workers);
    }

    private static void finish(ExecutorService workers) throws InterruptedException {
        workers.shutdown();
        if (!workers.awaitTermination(2, TimeUnit.MINUTES)) {
            throw new IllegalStateException("requests do not end");
        }
    }

    private void steady() {
        stopAtEndOfInput();
        try (Socket socket = connect()) {
            BufferedReader reader = reader(socket);
            while (!stopped) {
                long sent = System.nanoTime();
                answered(exchange(socket, reader, "keep-alive"), sent);
                LockSupport.parkNanos(sent + TimeUnit.SECONDS.toNanos(1) / STEADY_PER_SECOND - System.nanoTime());
            }
        } catch (IOException e) {
            failed(e);
        }
    }

    private void stopAtEndOfInput() {
        Thread watcher = new Thread(() -> {
            try {
                System.in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                failed(e);
            }
            stopped = true;
        });
        watcher.setDaemon(true);
        watcher.start();
    }

    private void visit() {
        long start = System.nanoTime();
        try (Socket socket = connect()) {
            answered(exchange(socket, reader(socket), "close"), start);
        } catch (IOException e) {
            failed(e);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(server, TIMEOUT_MILLIS);
        return socket;
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    }

    /** One request, one answer. @return the body, which is the backend's name */
    private String exchange(Socket socket, BufferedReader reader, String connection) throws IOException {
        String request = "GET / HTTP/1.1\r\nHost: lab\r\nConnection: " + connection + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        String status = reader.readLine();
        if (status == null || !status.startsWith("HTTP/1.1 200")) {
            throw new IOException("answer: " + status);
        }
        while (!reader.readLine().isEmpty()) {
            // headers: the body is one line, whatever they say
        }
        return reader.readLine();
    }

    private synchronized void answered(String backend, long start) {
        answers.merge(backend, 1L, Long::sum);
        largestNanos = Math.max(largestNanos, System.nanoTime() - start);
    }

    private synchronized void failed(IOException failure) {
        failures++;
        if (failures == 1) {
            firstFailure = failure.toString().replaceAll("\\s", "_");
        }
    }

    private synchronized void report() {
        StringBuilder line = new StringBuilder();
        answers.forEach((backend, count) -> line.append(backend).append('=').append(count).append(' '));
        line.append("failures=").append(failures).append(" first=").append(firstFailure);
        System.out.println(line + " millis=" + TimeUnit.NANOSECONDS.toMillis(largestNanos));
    }
}
