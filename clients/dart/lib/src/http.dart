import 'dart:async';
import 'dart:convert';
import 'dart:math';

import 'package:http/http.dart' as http;

import 'types.dart';

final Random _random = Random();

/// Full jitter above what the server asks for: thousands of clients must not come back in the same instant.
Duration backoff(int failures, [int? retryAfter, int first = 500]) {
  final most = min(30000, first * (1 << min(failures, 10)));
  return Duration(milliseconds: (retryAfter ?? 0) * 1000 + _random.nextInt(most + 1));
}

/// An answer that is no success, or none at all.
class CoteError implements Exception {
  const CoteError(this.status, this.code, this.detail, {this.fields, this.retryAfter});

  /// The HTTP status, or the close code of a socket; 0 where nothing came.
  final int status;

  /// The stable code of the server, `network` where nothing came, `closed` after `close()`.
  final String code;

  /// A sentence for people.
  final String detail;

  /// Of a 422, each wrong field: `loc` and `msg`.
  final List<Json>? fields;

  /// Seconds after which the server would answer.
  final int? retryAfter;

  /// Whether the same request may succeed later.
  bool get isPassing =>
      code == 'network' ||
      status >= 500 ||
      status == 408 ||
      status == 425 ||
      (status == 429 && code != 'budget_exceeded');

  @override
  String toString() => detail;
}

CoteError unreached() => const CoteError(0, 'network', 'The server cannot be reached.');

CoteError loggedOut() => const CoteError(401, 'not_authenticated', 'You are not logged in.');

CoteError closed() => const CoteError(0, 'closed', 'The client was closed.');

CoteError cancelled() => const CoteError(0, 'cancelled', 'It was cancelled.');

/// Ends what it was given to, such as an upload.
class Cancellation {
  final Set<void Function()> _acts = <void Function()>{};
  bool _isCancelled = false;

  bool get isCancelled => _isCancelled;

  void cancel() {
    _isCancelled = true;
    final acts = _acts.toList();
    _acts.clear();
    for (final act in acts) {
      act();
    }
  }

  /// Calls [act] when it is cancelled, at once where it is already; answers what takes it back.
  void Function() whenCancelled(void Function() act) {
    if (_isCancelled) {
      act();
    } else {
      _acts.add(act);
    }
    return () => _acts.remove(act);
  }
}

/// Waits, but not beyond a cancellation.
Future<void> pause(Duration time, [Cancellation? first, Cancellation? second]) async {
  final over = Completer<void>();
  void end() {
    if (!over.isCompleted) {
      over.complete();
    }
  }

  final timer = Timer(time, end);
  final free = first?.whenCancelled(end);
  final freeToo = second?.whenCancelled(end);
  await over.future;
  timer.cancel();
  free?.call();
  freeToo?.call();
}

class Call {
  const Call({
    this.body,
    this.form,
    this.bytes,
    this.headers = const <String, String>{},
    this.timeout = const Duration(seconds: 60),
    this.isStream = false,
    this.tries = 1,
    this.cancellation,
    this.outlives = false,
  });

  /// One of them at most: what is encoded as JSON, fields of a form, or bytes as they are.
  final Object? body;
  final Map<String, String>? form;
  final List<int>? bytes;
  final Map<String, String> headers;

  /// After this time it counts as cut; of a stream, until it begins.
  final Duration timeout;
  final bool isStream;

  /// It goes on when the login ends, which it may be about: its answer is the caller's alone.
  final bool outlives;

  /// How often it is sent where nothing comes.
  final int tries;
  final Cancellation? cancellation;
}

/// Who has the tokens: [renew] answers another one than the one that was refused, or throws.
abstract class Bearer {
  String? get token;
  Future<String> renew(String refused);
}

/// An answer with a good status: its text, or of a stream its body and what ends it.
class Reply {
  const Reply(this.status, this.headers, this.text, [this.body, this._end]);

  final int status;
  final Map<String, String> headers;
  final String text;
  final Stream<List<int>>? body;
  final void Function()? _end;

  void close() => _end?.call();

  bool get isJson => (headers['content-type'] ?? '').contains('json');

  /// The JSON of the answer. Whatever else has a good status comes from something on the way, such as a login page.
  dynamic get value {
    if (status == 204) {
      return null;
    }
    if (!isJson) {
      throw unreached();
    }
    try {
      return jsonDecode(text);
    } on FormatException {
      throw unreached(); // it was cut
    }
  }

  Json get object {
    final dynamic json = value;
    return json is Json ? json : throw unreached();
  }

  List<Json> get list {
    final dynamic json = value;
    return json is List<dynamic> ? objects(json) : throw unreached();
  }
}

class Page {
  const Page(this.items, this.next);

  final List<Message> items;
  final String? next;
}

/// Requests to one server.
class Http {
  Http(this.base, this._makeClient);

  final String base;
  final http.Client Function() _makeClient;
  Bearer? bearer;
  http.Client? _client;

  /// Cancelled by [close] and by the end of a login.
  Cancellation closing = Cancellation();
  Cancellation _closed = Cancellation();

  bool get isClosed => _closed.isCancelled;

  /// Ends all requests.
  void close() {
    closing.cancel();
    _closed.cancel();
    _client?.close();
    _client = null;
  }

  /// Takes requests again after [close].
  void revive() {
    if (isClosed) {
      closing = Cancellation();
      _closed = Cancellation();
    }
  }

  /// Ends the requests of a login, but for those that outlive it.
  void abort() {
    closing.cancel();
    closing = Cancellation();
  }

  /// The JSON of the answer; nothing where it has none.
  Future<dynamic> json(
    String method,
    String path, {
    Object? body,
    int? tries,
    Duration timeout = const Duration(seconds: 60),
  }) async {
    final reply = await _ask(method, path, body, tries, timeout);
    return reply.value;
  }

  Future<Json> object(
    String method,
    String path, {
    Object? body,
    int? tries,
    Duration timeout = const Duration(seconds: 60),
    Cancellation? cancellation,
  }) async {
    final reply = await _ask(method, path, body, tries, timeout, cancellation);
    return reply.object;
  }

  Future<Reply> _ask(String method, String path, Object? body, int? tries, Duration timeout, [Cancellation? end]) {
    final most = tries ?? (method == 'GET' ? 3 : 1);
    return send(method, path, Call(body: body, tries: most, timeout: timeout, cancellation: end));
  }

  /// All pages of messages from one path on; with [once], the first of them.
  Future<Page> pages(String path, {bool once = false}) async {
    final items = <Message>[];
    var next = path;
    while (true) {
      final reply = await send('GET', next, const Call(tries: 3));
      items.addAll(reply.list.map((x) => Message(x)));
      final link = RegExp('<([^>]*)>; *rel="next"').firstMatch(reply.headers['link'] ?? '')?.group(1);
      if (link == null || once) {
        return Page(items, link);
      }
      next = link;
    }
  }

  /// With the token of the login, which is renewed where it is refused.
  Future<Reply> send(String method, String path, [Call call = const Call()]) async {
    final bearer = this.bearer;
    final token = bearer?.token;
    final login = this.closing;
    final closing = call.outlives ? _closed : login;
    try {
      return await plain(method, path, call, token, closing);
    } on CoteError catch (error) {
      if (error.status != 401 || token == null || bearer == null || login.isCancelled) {
        rethrow;
      }
      return await plain(method, path, call, await bearer.renew(token), closing);
    }
  }

  Future<Reply> plain(
    String method,
    String path, [
    Call call = const Call(),
    String? token,
    Cancellation? closing,
  ]) async {
    final end = closing ?? this.closing;
    for (var left = call.tries;;) {
      try {
        return await _once(method, path, call, token, end);
      } on CoteError catch (error) {
        left--;
        if (error.code != 'network' || left <= 0) {
          rethrow;
        }
      }
      await pause(Duration(milliseconds: 100 + _random.nextInt(300)), end, call.cancellation);
    }
  }

  Future<Reply> _once(String method, String path, Call call, String? token, Cancellation closing) async {
    if (closing.isCancelled) {
      throw closed();
    }
    final request = _request(method, path, call, token);
    final client = call.isStream ? _makeClient() : (_client ??= _makeClient());
    final cut = Completer<Reply>();
    void end(CoteError error) {
      if (!cut.isCompleted) {
        cut.completeError(error);
      }
    }

    cut.future.ignore();
    final free = closing.whenCancelled(() => end(closed()));
    final freeToo = call.cancellation?.whenCancelled(() => end(cancelled()));
    try {
      return await Future.any(<Future<Reply>>[_answer(client, request, call), cut.future]).timeout(call.timeout);
    } catch (error) {
      if (call.isStream) {
        client.close();
      }
      if (error is CoteError) {
        rethrow;
      }
      throw closing.isCancelled ? closed() : unreached();
    } finally {
      free();
      freeToo?.call();
    }
  }

  http.Request _request(String method, String path, Call call, String? token) {
    final request = http.Request(method, Uri.base.resolve('$base$path'));
    request.headers.addAll(call.headers);
    if (token != null) {
      request.headers['Authorization'] = 'Bearer $token';
    }
    final form = call.form;
    final bytes = call.bytes;
    if (form != null) {
      request.bodyFields = form;
    } else if (bytes != null) {
      request.bodyBytes = bytes;
    } else if (call.body != null) {
      request.headers['Content-Type'] = 'application/json';
      request.bodyBytes = utf8.encode(jsonEncode(call.body));
    }
    return request;
  }

  Future<Reply> _answer(http.Client client, http.Request request, Call call) async {
    final answer = await client.send(request);
    final isGood = answer.statusCode >= 200 && answer.statusCode < 300;
    if (isGood && call.isStream) {
      return Reply(answer.statusCode, answer.headers, '', answer.stream, client.close);
    }
    final text = const Utf8Decoder(allowMalformed: true).convert(await answer.stream.toBytes());
    if (!isGood) {
      throw problem(answer.statusCode, answer.headers, text);
    }
    return Reply(answer.statusCode, answer.headers, text);
  }
}

/// An error of the server, whose `detail` is a sentence in every case.
CoteError problem(int status, Map<String, String> headers, String text) {
  var body = const <String, dynamic>{};
  try {
    final dynamic json = jsonDecode(text);
    if (json is Json) {
      body = json;
    }
  } on FormatException {
    // A proxy answers pages.
  }
  final dynamic said = body['detail'];
  final fields = said is List<dynamic> ? objects(said) : null;
  final detail = fields != null
      ? fields.map((x) => '${_place(x['loc'])}: ${x['msg']}').join('; ')
      : (said is String ? said : 'The server answered $status.');
  final dynamic code = body['code'];
  return CoteError(
    status,
    code is String ? code : 'http_$status',
    detail,
    fields: fields,
    retryAfter: int.tryParse(headers['retry-after'] ?? ''),
  );
}

String _place(Object? loc) {
  final path = loc is List<dynamic> ? loc : const <dynamic>[];
  return path.length > 1 ? path.skip(1).join('.') : path.join('.');
}
