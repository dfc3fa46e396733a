package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.junit.jupiter.api.Test;

/** Who has to go, and when, to the nanosecond, without a network. */
class VisitorsLimitsTest {
    private long now = 1_000;
    private final List<String> closed = new ArrayList<>();
    private final Visitors visitors = new Visitors(new Visitors.Limits(3, 5, 100, 200, 300), () -> now);

    private final class Guest {
        private final Connection connection;

        private Guest(String name, String address) throws Exception {
            SocketAddress remote = new InetSocketAddress(InetAddress.getByName(address), 1);
            EndPoint end = proxy(EndPoint.class, "getRemoteSocketAddress", remote, () -> closed.add(name));
            connection = proxy(Connection.class, "getEndPoint", end, () -> { });
            visitors.onOpened(connection);
            now++;
        }

        private Guest asks() {
            visitors.asks(connection);
            return this;
        }

        private Guest answered() {
            visitors.answered(connection);
            return this;
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> T proxy(Class<T> type, String question, Object answer, Runnable close) {
        return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> switch (method.getName()) {
            case "equals" -> self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            case "toString" -> "guest";
            case "close" -> {
                close.run();
                yield null;
            }
            default -> {
                assertEquals(question, method.getName());
                yield answer;
            }
        });
    }

    private Guest guest(String name, String address) throws Exception {
        return new Guest(name, address);
    }

    @Test
    void aClientsFourthTakesThePlaceOfTheOneThatHasWaitedForLongest() throws Exception {
        guest("other", "10.0.0.2");
        Guest first = guest("first", "10.0.0.1").asks();
        guest("second", "10.0.0.1");
        guest("third", "10.0.0.1");
        assertEquals(List.of(), closed);
        guest("fourth", "10.0.0.1");
        assertEquals(List.of("second"), closed, "not the one that is being answered, and not another client's");
        first.answered();
        guest("fifth", "10.0.0.1");
        assertEquals(List.of("second", "third"), closed, "the answered one has waited for the shortest time");
    }

    @Test
    void whereAllOthersAreBeingAnsweredTheNewcomerGoes() throws Exception {
        for (int i = 0; i < 3; i++) {
            guest("asks" + i, "10.0.0.1").asks();
        }
        guest("newcomer", "10.0.0.1");
        assertEquals(List.of("newcomer"), closed);
        guest("again", "10.0.0.1");
        assertEquals(List.of("newcomer", "again"), closed, "whoever went does not count");
    }

    @Test
    void theNetworkAndThisHostHaveTheirOwnRoom() throws Exception {
        for (int i = 1; i <= 5; i++) {
            guest("net" + i, "10.0.0." + i);
        }
        assertEquals(List.of(), closed);
        for (int i = 1; i <= 5; i++) {
            guest("host" + i, "127.0.0." + i);
        }
        assertEquals(List.of(), closed);
        guest("net6", "10.0.0.6");
        assertEquals(List.of("net1"), closed);
        guest("host6", "127.0.0.6");
        assertEquals(List.of("net1", "host1"), closed);
    }

    @Test
    void whoeverIsOnThisHostTakesNoRoomOfTheNetwork() throws Exception {
        for (int i = 1; i <= 5; i++) {
            guest("host" + i, "127.0.0." + i);
        }
        for (int i = 1; i <= 5; i++) {
            guest("net" + i, "10.0.0." + i);
        }
        assertEquals(List.of(), closed);
        guest("net6", "10.0.0.6");
        assertEquals(List.of("net1"), closed);
    }

    @Test
    void aHostOfIpv6HasAWholeNetworkOf64Bits() throws Exception {
        for (int i = 1; i <= 3; i++) {
            guest("a" + i, "2001:db8:0:1::" + i);
        }
        guest("b", "2001:db8:0:2::1");
        assertEquals(List.of(), closed);
        guest("a4", "2001:db8:0:1:ffff::1");
        assertEquals(List.of("a1"), closed);
    }

    @Test
    void whoeverHangsUpIsForgotten() throws Exception {
        List<Guest> three = List.of(guest("one", "10.0.0.1"), guest("two", "10.0.0.1"), guest("three", "10.0.0.1"));
        three.forEach(guest -> visitors.onClosed(guest.connection));
        three.forEach(guest -> visitors.onClosed(guest.connection));
        for (int i = 0; i < 3; i++) {
            guest("next" + i, "10.0.0.1");
        }
        assertEquals(List.of(), closed);
        three.get(0).asks().answered();
        guest("beyond", "10.0.0.1");
        assertEquals(List.of("next0"), closed);
    }

    @Test
    void eachStepHasItsTimeAndNoMore() throws Exception {
        Guest silent = guest("silent", "10.0.0.1");
        Guest asks = guest("asks", "10.0.0.2");
        now += 98;
        visitors.sweep();
        assertEquals(List.of(), closed, "100 after its begin is in time");
        asks.asks();
        now++;
        visitors.sweep();
        assertEquals(List.of("silent"), closed);
        visitors.onClosed(silent.connection);
        closed.clear();

        now += 298;
        asks.answered();
        now += 200;
        visitors.sweep();
        assertEquals(List.of(), closed, "200 from the answer to the next request");
        asks.asks();
        now += 300;
        visitors.sweep();
        assertEquals(List.of(), closed, "300 for an answer");
        now++;
        visitors.sweep();
        assertEquals(List.of("asks"), closed);
        asks.answered();
        closed.clear();
        now += 201;
        visitors.sweep();
        assertTrue(closed.contains("asks"), "too long without another request");
    }

    @Test
    void thereIsRoomForWhoKeepsWithinIt() {
        assertEquals(new Visitors.Limits(64, 256, 10_000_000_000L, 30_000_000_000L, 90_000_000_000L), Visitors.Limits.USUAL);
    }
}
