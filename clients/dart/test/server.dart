import 'dart:async';
import 'dart:convert';

import 'package:cote_client/src/http.dart';
import 'package:cote_client/src/types.dart';
import 'package:http/http.dart' as http;
import 'package:http/testing.dart';

/// A request that a server has got and that is not answered yet.
class Asked {
  Asked(this.request);

  final http.Request request;
  final Completer<http.Response> _answer = Completer<http.Response>();

  String get path => request.url.path;
  Json get body => jsonDecode(request.body) as Json;

  void answer(Object? body, [int status = 200, Map<String, String> headers = const <String, String>{}]) {
    final all = <String, String>{'content-type': 'application/json', ...headers};
    _answer.complete(http.Response(jsonEncode(body), status, headers: all));
  }

  void refuse(int status, String code, [Map<String, String> headers = const <String, String>{}]) =>
      answer(<String, dynamic>{'detail': 'It is refused.', 'code': code}, status, headers);

  /// Something on the way answers in the name of the server.
  void page() => _answer.complete(
        http.Response('<h1>Welcome</h1>', 200, headers: const <String, String>{'content-type': 'text/html'}),
      );

  void cut() => _answer.completeError(http.ClientException('The connection was cut.'));
}

/// A server in the test's own hands: each request waits for the answer that the test gives.
class Server {
  late final Http web = Http('http://cote.test', () => MockClient(_take));
  final StreamController<Asked> _asked = StreamController<Asked>();
  late final StreamIterator<Asked> _next = StreamIterator<Asked>(_asked.stream);

  Future<http.Response> _take(http.Request request) {
    final asked = Asked(request);
    _asked.add(asked);
    return asked._answer.future;
  }

  /// The next request, which comes within five seconds.
  Future<Asked> next() async {
    final hasNext = await _next.moveNext().timeout(const Duration(seconds: 5));
    return hasNext ? _next.current : throw StateError('The server is closed.');
  }
}
