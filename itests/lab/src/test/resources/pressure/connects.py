"""Connections whose server closes first: connects.py COUNT RATE VIP PORT SOURCE...

Each asks for one small page by HTTP/1.0. Prints one line of JSON: how many were answered, how many failed, and how long connecting
took, by the second in which it began.
"""

import json
import select
import socket
import sys
import time

PATIENCE = 20
AT_ONCE = 4000


class Client:
    def __init__(self, vip, port, source):
        self.socket = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((source, 0))
        self.began = time.time()
        self.connected = None
        self.socket.connect_ex((vip, port))

    def go_on(self):
        """Whether it is done; an error is an OSError."""
        if self.connected is None:
            error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, "connect")
            self.connected = time.time() - self.began
            self.socket.send(b"GET /quiet HTTP/1.0\r\n\r\n")
            return False
        return not self.socket.recv(4096)


def main(count, rate, vip, port, sources):
    poll, clients, begun, times, failed = select.epoll(), {}, 0, [], 0
    start = time.time()
    while begun < count or clients:
        while begun < count and time.time() - start >= begun / rate and len(clients) < AT_ONCE:
            client = Client(vip, port, sources[begun % len(sources)])
            clients[client.socket.fileno()] = client
            poll.register(client.socket.fileno(), select.EPOLLOUT)
            begun += 1
        ended = [number for number, client in clients.items() if time.time() - client.began > PATIENCE]
        failed += len(ended)
        for number, _ in poll.poll(0.01):
            if number in ended or number not in clients:
                continue
            try:
                waiting = clients[number].connected is None
                if clients[number].go_on():
                    times.append((clients[number].began - start, clients[number].connected))
                    ended.append(number)
                elif waiting:
                    poll.modify(number, select.EPOLLIN)
            except OSError:
                failed += 1
                ended.append(number)
        for number in ended:
            poll.unregister(number)
            clients.pop(number).socket.close()
    print(json.dumps({"answered": len(times), "failed": failed, "seconds": time.time() - start, "times": [
        [round(began, 1), round(connected, 3)] for began, connected in times]}))


main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:])
