import 'dart:async';
import 'dart:convert';
import 'dart:math';

import 'package:web_socket_channel/web_socket_channel.dart';

import 'http.dart';
import 'session.dart';
import 'types.dart';

enum Transport { socket, sse, poll }

/// What opens a socket.
typedef Sockets = WebSocketChannel Function(Uri url, List<String> protocols);

WebSocketChannel openSocket(Uri url, List<String> protocols) => WebSocketChannel.connect(url, protocols: protocols);

/// What a connection asks of the client, and tells it.
class Life {
  const Life({required this.cursor, required this.take, required this.lost, required this.became});

  /// The position to go on from; it completes when there is one.
  final Future<String> Function() cursor;
  final void Function(Frame frame) take;

  /// The server refuses the cursor.
  final void Function() lost;
  final void Function(Status status, CoteError? error) became;
}

/// What ended a connection: a close code of a socket, or 1006; 0 where nothing answers.
class _Ended implements Exception {
  const _Ended(this.code, [this.retryAfter]);

  final int code;
  final int? retryAfter;
}

/// The live stream of a login: one connection at a time, which comes back until it is closed.
class Connection {
  Connection(this._http, this._session, this._life, this._sockets, Transport? transport)
      : _transports = transport == null ? Transport.values : <Transport>[transport];

  final Http _http;
  final Session _session;
  final Life _life;
  final Sockets _sockets;
  final List<Transport> _transports;
  int _at = 0;
  bool _isOver = false;
  bool _isLive = false;
  DateTime _began = DateTime.now();
  DateTime _heard = DateTime.now();

  /// Ends what is being waited for: the connection, or the time until the next.
  void Function()? _cut;
  void Function()? _wake;

  Transport get transport => _transports[_at];

  void close() {
    _isOver = true;
    _cut?.call();
    wake();
  }

  /// Do not wait any longer: there may be a network again.
  void wake() => _wake?.call();

  /// The device was asleep, or changed its network: what was not heard of lately is not trusted.
  void doubt() {
    if (_isLive && _since(_heard) > const Duration(seconds: 35)) {
      _cut?.call();
    }
    wake();
  }

  Future<void> run() async {
    var failures = 0;
    var unopened = 0;
    var short = 0;
    while (!_isOver) {
      _Ended end;
      _isLive = false;
      _life.became(Status.connecting, null);
      try {
        final cursor = await _life.cursor();
        if (_isOver) {
          return;
        }
        await _connect(cursor);
        end = const _Ended(1006);
      } on _Ended catch (error) {
        end = error;
      } catch (error) {
        end = _meaning(error);
      }
      if (_isOver) {
        return;
      }
      final lasted = _isLive ? _since(_began) : null;
      _isLive = false;
      if (lasted == null) {
        unopened++;
        failures++;
      } else {
        unopened = 0;
        failures = 0;
        short = lasted < const Duration(seconds: 2) ? short + 1 : 0;
        if (lasted > const Duration(minutes: 1)) {
          _at = 0;
        }
      }
      if (end.code == 0) {
        _at = 0; // nothing answers at all: that says nothing about sockets
      } else if (unopened >= 2 && end.code != 1008 && end.code != 4011 && end.code != 429) {
        _at = (_at + 1) % _transports.length;
        unopened = 0;
      }
      if (!await _goOn(end)) {
        return;
      }
      await _wait(end, max(failures, short - 2));
    }
  }

  Future<void> _connect(String cursor) {
    switch (transport) {
      case Transport.socket:
        return _bySocket(cursor);
      case Transport.sse:
        return _bySse(cursor);
      case Transport.poll:
        return _byPoll(cursor);
    }
  }

  // Close codes, as docs/realtime.md has them. False: not again.
  Future<bool> _goOn(_Ended end) async {
    final code = end.code;
    final token = _session.token;
    if (code == 4500) {
      _life.lost();
    } else if (code == 4503) {
      if (!await _session.adopt(token).catchError((Object _) => false)) {
        await _session.end().catchError((Object _) {});
      }
    } else if (code == 1009 || (code >= 4500 && code < 4600)) {
      final error = CoteError(code, 'closed_$code', 'The server has ended the connection with $code.');
      _life.became(Status.offline, error);
      return false;
    } else if (code == 1008 || code == 4011) {
      try {
        await _session.renew(token ?? '');
      } catch (_) {
        // The next connection tells.
      }
    }
    if (_isOver) {
      return false; // with its login, and there may be another one by now
    }
    _life.became(Status.offline, null);
    return _session.token != null;
  }

  Future<void> _wait(_Ended end, int failures) {
    final over = Completer<void>();
    void resume() {
      if (!over.isCompleted) {
        over.complete();
      }
    }

    final delay = backoff(end.code == 4013 ? failures + 3 : failures, end.retryAfter);
    final timer = Timer(delay + const Duration(milliseconds: 50), resume);
    _wake = resume;
    return over.future.whenComplete(() {
      timer.cancel();
      _wake = null;
    });
  }

  _Ended _meaning(Object error) {
    if (error is! CoteError) {
      return const _Ended(1006);
    }
    if (error.code == 'network') {
      return const _Ended(0);
    }
    const codes = <int, int>{401: 1008, 422: 4500, 429: 429};
    return _Ended(codes[error.status] ?? 1006, error.retryAfter);
  }

  void _take(Frame frame) {
    if (_isOver) {
      return;
    }
    _heard = DateTime.now();
    if (frame.type == 'ready') {
      _ready();
    } else if (frame.type != 'ping' && frame.type != 'pong' && frame.type != 'error') {
      _life.take(frame);
    }
  }

  void _ready() {
    _isLive = true;
    _began = DateTime.now();
    _heard = _began;
    _life.became(Status.live, null);
  }

  Future<void> _bySocket(String cursor) async {
    final base = _http.base.isEmpty ? Uri.base.origin : _http.base;
    final url = Uri.parse('${base.replaceFirst('http', 'ws')}/ws?cursor=$cursor');
    final socket = _sockets(url, <String>['cote.v1', 'cote.bearer.${_session.token}']);
    socket.ready.ignore(); // what it means comes with its end
    final watch = _Watch(const Duration(seconds: 15));
    _cut = watch.end;
    final subscription = socket.stream.listen(
      (dynamic data) {
        try {
          final frame = Frame(jsonDecode(data as String) as Json);
          if (frame.type == 'ready') {
            watch.patience = Duration(milliseconds: 2 * integer(frame.data['heartbeat_ms']));
          }
          watch.heard();
          _take(frame);
        } catch (_) {
          watch.end();
        }
      },
      onError: (Object _) => watch.end(socket.closeCode),
      onDone: () => watch.end(socket.closeCode),
    );
    try {
      await watch.ended;
    } finally {
      _cut = null;
      subscription.cancel().ignore();
      socket.sink.close().ignore();
    }
  }

  Future<void> _bySse(String cursor) async {
    final cut = Cancellation();
    _cut = cut.cancel;
    final reply = await _http.send(
      'GET',
      '/events?cursor=$cursor',
      Call(
        headers: const <String, String>{'Accept': 'text/event-stream'},
        isStream: true,
        timeout: const Duration(seconds: 15),
        cancellation: cut,
      ),
    );
    final body = reply.body;
    if (_isOver || body == null) {
      reply.close();
      return;
    }
    if (!(reply.headers['content-type'] ?? '').contains('event-stream')) {
      reply.close();
      throw unreached();
    }
    // The first byte comes at once: else something on the way holds it back.
    final watch = _Watch(const Duration(seconds: 10));
    _cut = watch.end;
    final subscription = const LineSplitter().bind(utf8.decoder.bind(body)).listen(
      (String line) {
        watch.patience = const Duration(seconds: 30);
        watch.heard();
        _heard = DateTime.now();
        try {
          if (line.startsWith('data:')) {
            _take(Frame(jsonDecode(line.substring(5)) as Json));
          }
        } catch (_) {
          watch.end();
        }
      },
      onError: (Object _) => watch.end(),
      onDone: watch.end,
    );
    try {
      await watch.ended;
    } finally {
      _cut = null;
      subscription.cancel().ignore();
      reply.close();
    }
  }

  Future<void> _byPoll(String cursor) async {
    final cut = Cancellation();
    _cut = cut.cancel;
    var from = cursor;
    for (var wait = 0; !cut.isCancelled; wait = 25) {
      final answer = await _http.object(
        'GET',
        '/events?cursor=$from&wait=$wait',
        tries: 1,
        timeout: Duration(seconds: wait + 15),
        cancellation: cut,
      );
      if (cut.isCancelled) {
        return;
      }
      _heard = DateTime.now();
      if (!_isLive) {
        _ready();
      }
      for (final frame in objects(answer['events'])) {
        _take(Frame(frame));
      }
      from = await _life.cursor();
    }
  }
}

Duration _since(DateTime time) => DateTime.now().difference(time);

/// Ends a connection that is silent for too long.
class _Watch {
  _Watch(this.patience) {
    heard();
  }

  Duration patience;
  final Completer<void> _ended = Completer<void>();
  Timer? _timer;

  /// Completes with an error, always.
  Future<void> get ended => _ended.future;

  void heard() {
    _timer?.cancel();
    if (!_ended.isCompleted) {
      _timer = Timer(patience, end);
    }
  }

  void end([int? code]) {
    _timer?.cancel();
    if (!_ended.isCompleted) {
      _ended.completeError(_Ended(code ?? 1006));
    }
  }
}
