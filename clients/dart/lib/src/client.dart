import 'dart:async';
import 'dart:convert';
import 'dart:math';

import 'package:http/http.dart' as http;

import 'connection.dart';
import 'http.dart';
import 'outbox.dart';
import 'replica.dart';
import 'session.dart';
import 'storage.dart';
import 'types.dart';
import 'upload.dart' as tus;

/// A client of one server, for one user at a time. It does nothing before it is asked.
///
/// Without a [storage] what it knows ends with it. Without a [transport] it takes a socket, else server-sent events,
/// else long-poll. [device] names this login among the sessions of the user.
CoteClient createClient({
  required String url,
  Storage? storage,
  Transport? transport,
  String? device,
  http.Client Function()? httpClient,
  Sockets sockets = openSocket,
}) {
  final web = Http(url.replaceFirst(RegExp(r'/+$'), ''), httpClient ?? () => http.Client());
  return CoteClient._(web, storage ?? MemoryStorage(), transport, device, sockets);
}

class CoteClient {
  CoteClient._(this._http, this._storage, this._transport, this._device, this._sockets)
      : _session = Session(_http, _storage),
        _outbox = Outbox(_http, _storage) {
    _http.bearer = _session;
    _session.onEnd = _ended;
    _outbox.onChange = _changed;
    _outbox.onAnswer = _answered;
  }

  final Http _http;
  final Storage _storage;
  final Transport? _transport;
  final String? _device;
  final Sockets _sockets;
  final Session _session;
  final Outbox _outbox;
  Replica _replica = Replica();
  Connection? _connection;
  bool _isStarted = false;
  Future<void>? _loaded;
  final Set<void Function()> _listeners = <void Function()>{};
  CoteState? _state;
  Status _status = Status.loggedOut;
  CoteError? _error;
  bool _isNoted = false;
  final Map<String, Timer> _typing = <String, Timer>{};
  final Map<String, Completer<void>> _opening = <String, Completer<void>>{};
  final Set<String> _fetchingMore = <String>{};
  Future<void>? _syncing;
  int _fetches = 0;
  int _failures = 0;
  Timer? _refetch;
  Timer? _saving;
  int _savedUnits = 0;
  Completer<void>? _first;

  // --- login

  /// Makes an account and logs in.
  Future<User> register(String username, String email, String password) async {
    final call = Call(body: <String, dynamic>{'username': username, 'email': email, 'password': password});
    var isCut = false;
    for (var tries = 4;; tries--) {
      try {
        await _http.plain('POST', '/users/', call);
        break;
      } on CoteError catch (error) {
        if (isCut && error.code == 'username_taken') {
          break; // by the try whose answer was lost: else the login fails
        }
        if (error.code != 'network' || tries <= 1) {
          rethrow;
        }
        isCut = true;
      }
    }
    return login(username, password);
  }

  Future<User> login(String username, String password) async {
    _http.revive();
    final user = await _session.login(username, password, _device);
    await _loading(_load());
    _goLive();
    return user;
  }

  /// Ends the session and forgets everything that is stored.
  Future<void> logout() async {
    final user = _session.user;
    final token = _session.token;
    // The device forgets before the server is told: the app may be closed at once, or the line be dead.
    await Future.wait(<Future<void>>[_outbox.clear(), _session.end(), if (user != null) _forget(user)]);
    if (token != null) {
      try {
        await _http.plain('POST', '/logout', const Call(timeout: Duration(seconds: 5)), token);
      } on CoteError {
        // It is over on this side.
      }
    }
  }

  Future<void> _forget(User user) async {
    await _storage.remove('state:${user.id}');
  }

  /// Resumes what is stored and goes live. It completes when there is a state to show, or no network, or no login.
  Future<void> start() async {
    _http.revive();
    _isStarted = true;
    await (_loaded ?? _loading(_session.load().then((_) => _load())));
    if (_http.isClosed || _session.token == null) {
      return;
    }
    if (_replica.cursor == null) {
      _first ??= Completer<void>();
    }
    final first = _first;
    _goLive();
    await first?.future;
  }

  /// Stops the connection and every timer. What is stored stays.
  void close() {
    _isStarted = false;
    _stopLive();
    _http.close();
    _outbox.close();
    _forgetFailures();
    unawaited(save());
    _giveUp(closed());
    _reachFirst();
  }

  /// The app is in front again, or a network is back: everything that waits is tried at once.
  void wake() {
    _connection?.doubt();
    _outbox.wake();
  }

  Future<void> _loading(Future<void> load) async {
    _loaded = load;
    try {
      await load;
    } catch (_) {
      _loaded = null;
      rethrow;
    }
  }

  // What is stored belongs to one user, and waits for that one. A state that cannot be read is none.
  Future<void> _load() async {
    final user = _session.user;
    if (user == null) {
      return;
    }
    await _outbox.load(user.id);
    if (_replica.cursor == null) {
      try {
        final dynamic saved = parsed(await _storage.get('state:${user.id}'));
        if (saved is Json && saved['version'] == 2 && _session.user == user) {
          final replica = Replica();
          _opening.keys.forEach(replica.open);
          replica.load(saved);
          _replica = replica;
        }
      } catch (_) {
        // Then it is fetched.
      }
    }
    _changed();
  }

  void _goLive() {
    if (_http.isClosed) {
      return; // while the login was read or made
    }
    _outbox.start();
    if (!_isStarted || _connection != null) {
      return;
    }
    _error = null;
    final life = Life(cursor: _cursor, take: _take, lost: () => _replica.needSync(), became: _became);
    final connection = Connection(_http, _session, life, _sockets, _transport);
    _connection = connection;
    unawaited(connection.run().catchError(_report).whenComplete(() {
      if (_connection == connection) {
        _connection = null;
      }
    }));
  }

  void _stopLive() {
    _connection?.close();
    _connection = null;
    for (final timer in _typing.values) {
      timer.cancel();
    }
    _typing.clear();
  }

  void _became(Status status, CoteError? error) {
    if (status == Status.live) {
      _outbox.wake();
      _forgetFailures();
    }
    if (status != Status.connecting) {
      _reachFirst();
    }
    _error = error ?? _error;
    if (_session.token != null && !(status == Status.connecting && _status == Status.offline)) {
      _status = status;
    }
    _changed();
  }

  void _forgetFailures() {
    _refetch?.cancel();
    _refetch = null;
    _failures = 0;
  }

  void _ended() {
    _http.abort();
    _stopLive();
    _forgetFailures();
    _replica = Replica();
    _session.user = null;
    _loaded = null;
    _status = Status.loggedOut;
    _outbox.end();
    _giveUp(loggedOut());
    _reachFirst();
    _changed();
  }

  void _giveUp(CoteError error) {
    final opening = _opening.values.toList();
    _opening.clear();
    for (final waiter in opening) {
      waiter.completeError(error);
    }
  }

  void _reachFirst() {
    _first?.complete();
    _first = null;
  }

  // --- state

  /// Calls the listener after every change, once for those of one moment; answers what ends it.
  void Function() subscribe(void Function() listener) {
    _listeners.add(listener);
    return () => _listeners.remove(listener);
  }

  /// The present state: the same object until something changes.
  CoteState get state => _state ??= _build();

  CoteState _build() {
    final replica = _replica;
    final pending = <String, List<Pending>>{};
    final made = <Chat>[];
    for (final entry in _outbox.entries) {
      if (entry.isSend) {
        if (!replica.messages(entry.chatId).any((x) => x.id == entry.id)) {
          pending.putIfAbsent(entry.chatId, () => <Pending>[]).add(_pendingOf(entry));
        }
      } else if (entry.path == '/chats/' && replica.chat(entry.id) == null) {
        made.insert(0, _provisional(entry));
      }
    }
    return CoteState(
      status: _status,
      user: _session.user,
      chats: made.isEmpty ? replica.chats : <Chat>[...made, ...replica.chats],
      messages: <String, List<Message>>{
        for (final id in replica.held) id: replica.messages(id),
      },
      pending: pending,
      typing: _typing.keys.toSet(),
      loading: <String>{..._fetchingMore, ..._opening.keys.where(replica.isLoading)},
      more: replica.held.where(replica.hasMore).toSet(),
      error: _error,
    );
  }

  // One call of the listeners for all changes of a moment.
  void _changed() {
    _state = null;
    if (_isNoted) {
      return;
    }
    _isNoted = true;
    scheduleMicrotask(() {
      _isNoted = false;
      _pump();
      for (final id in _opening.keys.toList()) {
        if (_replica.messagesAreHeld(id)) {
          _opening.remove(id)?.complete();
        } else if (_replica.place(id) == null) {
          _opening.remove(id)?.completeError(const CoteError(404, 'chat_not_found', 'Chat not found'));
        }
      }
      for (final listener in _listeners.toList()) {
        try {
          listener();
        } catch (error, trace) {
          _report(error, trace);
        }
      }
    });
  }

  void _take(Frame frame) {
    if (frame.type == 'typing') {
      if (frame.data['sender'] != 'ai') {
        return;
      }
      final chatId = frame.data['chat_id'] as String;
      _typing.remove(chatId)?.cancel();
      if (frame.data['is_typing'] == true) {
        _typing[chatId] = Timer(const Duration(seconds: 8), () {
          _typing.remove(chatId);
          _changed();
        });
      }
    } else {
      _replica.apply(frame);
      if (frame.cursor != null) {
        _saveSoon();
      }
    }
    _changed();
  }

  // --- what the replica wants

  Future<String> _cursor() async {
    while (_replica.needsSync) {
      if (!_isStarted || _session.token == null) {
        throw closed();
      }
      _pump(isForced: true);
      await _syncing;
    }
    return _replica.cursor!;
  }

  // After a failure all wait for the timer, but for a connection, which has its own.
  void _pump({bool isForced = false}) {
    if (!_isStarted || _session.token == null) {
      return;
    }
    for (final want in _replica.wanted()) {
      if ((_refetch != null && !isForced) || (_fetches >= 4 && want.kind != WantKind.sync)) {
        continue;
      }
      _replica.begin(want);
      _fetches++;
      final fetching = _fetch(_replica, want).whenComplete(() {
        _fetches--;
        _changed();
      });
      fetching.ignore();
      if (want.kind == WantKind.sync) {
        _syncing = fetching;
      }
    }
  }

  Future<void> _fetch(Replica replica, Want want) async {
    try {
      switch (want.kind) {
        case WantKind.sync:
          replica.sync(await _http.object('GET', '/sync'));
          break;
        case WantKind.chat:
          replica.row(Chat(await _http.object('GET', '/chats/${want.chatId}')));
          break;
        case WantKind.messages:
          final after = want.after;
          final query = after == null ? '' : '?after=$after';
          final page = await _http.pages('/chats/${want.chatId}/messages/$query', once: after == null);
          replica.fetched(want.chatId, after, page.items, more: page.next != null);
          break;
      }
      _saveSoon();
      _failures = 0;
    } catch (caught) {
      final error = caught is CoteError ? caught : CoteError(0, 'network', '$caught');
      final status = error.status;
      final isGone = status >= 400 && status < 500 && !const <int>[401, 408, 425, 429].contains(status);
      replica.failed(want, isGone: isGone);
      if (replica == _replica && (want.kind == WantKind.sync || !isGone)) {
        _fetchAgain(error);
      } else if (replica == _replica && want.kind == WantKind.messages) {
        _opening.remove(want.chatId)?.completeError(error);
      }
      rethrow;
    }
  }

  void _fetchAgain(CoteError error) {
    if (_refetch != null || _http.isClosed) {
      return;
    }
    _refetch = Timer(backoff(_failures, error.retryAfter), () {
      _refetch = null;
      _pump();
    });
    _failures++;
  }

  // A state and its cursor are one value: the larger, the more seldom.
  void _saveSoon() {
    _saving ??= Timer(Duration(milliseconds: 500 + _savedUnits ~/ 1000), () => unawaited(save()));
  }

  /// Stores what is known now, for an app that goes to the background; otherwise it happens by itself within seconds.
  Future<void> save() async {
    _saving?.cancel();
    _saving = null;
    final user = _session.user;
    if (user == null || _session.token == null || _replica.cursor == null || _replica.needsSync) {
      return;
    }
    final held = _replica.held;
    final saved = _replica.save(held.skip(max(0, held.length - 20)), 100);
    final text = jsonEncode(<String, dynamic>{'version': 2, ...saved});
    _savedUnits = text.length;
    try {
      await _storage.set('state:${user.id}', text);
    } catch (_) {
      // A full storage costs the start without a network, nothing else.
    }
  }

  // --- chats

  /// Makes a chat, however long the network is away; an [id] of one's own, a UUID, can be used at once. [settings] are
  /// other fields of `POST /chats/`, such as `model`.
  Future<Chat> createChat({String? title, String? id, Json settings = const <String, dynamic>{}}) {
    final own = id?.toLowerCase() ?? uuid();
    final body = <String, dynamic>{...settings, if (title != null) 'title': title, 'id': own};
    return _durable(Entry(id: own, chatId: own, path: '/chats/', body: body), (x) => Chat(x));
  }

  /// Changes fields of a chat, as `PATCH /chats/{id}` names them.
  Future<Chat> updateChat(String chatId, Json patch) async => _put(await _write('PATCH', _path(chatId), patch));

  Future<void> deleteChat(String chatId) async {
    await _delete(_path(chatId));
    for (final entry in _outbox.entries.where((x) => x.chatId == chatId.toLowerCase()).toList()) {
      _outbox.dismiss(entry.id);
    }
  }

  Future<void> archiveAll() async {
    await _http.json('POST', '/chats/archive', tries: 4);
  }

  Future<Chat> fork(String chatId, {String? messageId, String? title}) async {
    final body = <String, dynamic>{
      'id': uuid(),
      if (messageId != null) 'message_id': messageId,
      if (title != null) 'title': title,
    };
    return _put(await _write('POST', '${_path(chatId)}/fork', body));
  }

  /// Fetches the messages of a chat and keeps them current from now on, until twenty others have been opened.
  Future<void> open(String chatId) {
    if (_outbox.isOver) {
      final over = Future<void>.error(loggedOut());
      over.ignore();
      return over;
    }
    final id = chatId.toLowerCase();
    _replica.open(id);
    _changed();
    if (_replica.messagesAreHeld(id)) {
      return Future<void>.value();
    }
    final opening = _opening.putIfAbsent(id, () => Completer<void>());
    opening.future.ignore();
    return opening.future;
  }

  /// Fetches the page before the first message that is held; false where there is none.
  Future<bool> more(String chatId) async {
    final id = chatId.toLowerCase();
    _fetchingMore.add(id);
    _changed();
    try {
      while (true) {
        final place = _replica.place(id);
        if (place == null || place.floor == 0) {
          return false;
        }
        final page = await _http.pages('${_path(id)}/messages/?before=${place.floor + 1}', once: true);
        if (_replica.older(id, place, page.items, more: page.next != null)) {
          return true;
        }
      }
    } finally {
      _fetchingMore.remove(id);
      _changed();
    }
  }

  // --- messages

  /// Sends a message. It completes when the server has it on disk, however long the network is away, and with an error
  /// when the server refuses it. [more] are other fields of the route, such as `reply_to_id` or `client_tools`.
  Future<Message> send(
    String chatId,
    String content, {
    List<String>? mediaUrls,
    String? id,
    String? parentId,
    String? versionOf,
    Json more = const <String, dynamic>{},
  }) {
    final chat = chatId.toLowerCase();
    final own = id?.toLowerCase() ?? uuid();
    final parent = parentId?.toLowerCase() ?? (versionOf == null ? _shownLast(chat) : null);
    final body = <String, dynamic>{
      ...more,
      'content': content,
      'id': own,
      if (mediaUrls != null) 'media_urls': mediaUrls,
      if (versionOf != null) 'version_of': versionOf,
      if (parent != null) 'parent_id': parent,
    };
    final path = '${_path(chat)}/messages/';
    return _durable(Entry(id: own, chatId: chat, path: path, body: body), (x) => Message(x));
  }

  Future<T> _durable<T>(Entry entry, T Function(Json json) make) {
    final answer = _outbox.add(entry).then(make);
    answer.ignore(); // who does not wait for it sees it in the state
    return answer;
  }

  // The message that the person sees last, so that the question lands there. What is typed without a network, or
  // behind another message, follows whatever is the last one then.
  String? _shownLast(String chatId) {
    if (_status != Status.live ||
        !_replica.isCurrent(chatId) ||
        _outbox.entries.any((x) => x.chatId == chatId)) {
      return null;
    }
    final messages = _replica.messages(chatId);
    if (messages.isEmpty) {
      return null;
    }
    final replyId = messages.last.replyId;
    return replyId != null && replyId == _replica.chat(chatId)?.leafId ? replyId : messages.last.id;
  }

  Future<Message> retrySend(String chatId, String id) {
    final message = _outbox.retry(id.toLowerCase()).then((x) => Message(x));
    message.ignore();
    return message;
  }

  void dismiss(String chatId, String id) => _outbox.dismiss(id.toLowerCase());

  /// Sends another version of a question.
  Future<Message> edit(String chatId, String messageId, String content) =>
      send(chatId, content, versionOf: messageId);

  /// Makes another reply to a question, or to that of a reply. [options] are fields of the route, such as `model`.
  Future<Message> regenerate(String chatId, String messageId, {Json options = const <String, dynamic>{}}) {
    final id = (options['id'] as String?)?.toLowerCase() ?? uuid();
    final path = '${_path(chatId, messageId)}/regenerate';
    final body = <String, dynamic>{...options, 'id': id};
    return _durable(Entry(id: id, chatId: chatId.toLowerCase(), path: path, body: body), (x) => Message(x));
  }

  Future<List<Message>> siblings(String chatId, String messageId) async {
    final reply = await _http.send('GET', '${_path(chatId, messageId)}/siblings', const Call(tries: 3));
    return reply.list.map((x) => Message(x)).toList();
  }

  /// Shows the path through a message, on every device.
  Future<Chat> switchTo(String chatId, String messageId) async =>
      Chat(await _write('PUT', '${_path(chatId)}/leaf', <String, dynamic>{'message_id': messageId.toLowerCase()}));

  /// Ends the open replies of a chat; answers how many.
  Future<int> stop(String chatId) async => integer((await _write('POST', '${_path(chatId)}/stop'))['stopped']);

  Future<void> read(String chatId, String messageId) async {
    await _http.json('PUT', '${_path(chatId, messageId)}/read', tries: 4);
  }

  /// [rating] is 1, -1, or null to take it back.
  Future<Message> rate(String chatId, String messageId, int? rating, {String? text}) async {
    final feedback = <String, dynamic>{'rating': rating, if (text != null) 'text': text};
    return Message(await _write('PUT', '${_path(chatId, messageId)}/feedback', feedback));
  }

  Future<void> deleteMessage(String chatId, String messageId) => _delete(_path(chatId, messageId));

  /// Allows or denies a tool call (`{'approve': true}`), or answers one of a client's own (`{'output': …}`).
  Future<Message> answer(String chatId, String messageId, String callId, Json answer) async =>
      Message(await _write('POST', '${_path(chatId, messageId)}/tool_calls/$callId', answer));

  Future<void> claim(String chatId, String messageId, String callId, String clientId) async {
    final body = <String, dynamic>{'client_id': clientId};
    await _http.json('POST', '${_path(chatId, messageId)}/tool_calls/$callId/claim', body: body, tries: 4);
  }

  /// One message of any branch; [parts] is `none`, `light` or `all`, with whole thoughts and outputs.
  Future<Message> message(String chatId, String messageId, {String parts = 'light'}) async =>
      Message(await _http.object('GET', '${_path(chatId, messageId)}?parts=$parts'));

  // --- the rest

  /// Uploads a file in pieces, and goes on after a cut.
  Future<Uploaded> upload(
    UploadFile file, {
    void Function(int sent, int total)? onProgress,
    Cancellation? cancellation,
  }) {
    return tus.upload(_http, file, onProgress: onProgress, cancellation: cancellation);
  }

  /// Every other route: answers JSON, or text where it is none. After [timeout] it counts as cut.
  Future<dynamic> request(
    String method,
    String path, {
    Object? body,
    Duration timeout = const Duration(seconds: 60),
    Cancellation? cancellation,
  }) async {
    final name = method.toUpperCase();
    final call = Call(
      body: body,
      tries: name == 'GET' ? 3 : 1,
      timeout: timeout,
      cancellation: cancellation,
      outlives: true,
    );
    final reply = await _http.send(name, path, call);
    return reply.isJson ? reply.value : reply.text;
  }

  // Each of them is the same when it is done twice.
  Future<Json> _write(String method, String path, [Json? body]) =>
      _http.object(method, path, body: body, tries: 4);

  Future<void> _delete(String path) async {
    try {
      await _http.json('DELETE', path, tries: 4);
    } on CoteError catch (error) {
      if (error.status != 404) {
        rethrow;
      }
    }
  }

  Chat _put(Json json) {
    final chat = Chat(json);
    _replica.putChat(chat);
    _changed();
    return chat;
  }

  void _answered(Entry entry, Json answer) {
    if (entry.path == '/chats/') {
      _put(answer);
    } else if (entry.isSend) {
      _replica.putMessage(Message(answer));
      _changed();
    }
  }
}

Pending _pendingOf(Entry entry) => Pending(
      id: entry.id,
      content: entry.body['content'] as String,
      mediaUrls: (entry.body['media_urls'] as List<dynamic>? ?? const <dynamic>[]).cast<String>(),
      isFailed: entry.isFailed,
      error: entry.error,
    );

// A chat that the server does not know yet.
Chat _provisional(Entry entry) => Chat(<String, dynamic>{
      'title': '',
      'created_at': '',
      'last_message_time': '',
      'last_message_content': '',
      'is_pinned': false,
      'last_seq': 0,
      'changed': 0,
      'activity': 0,
      ...entry.body,
      'id': entry.id,
    });

// The server answers ids in lower case.
String _path(String chatId, [String? messageId]) {
  final chat = '/chats/${chatId.toLowerCase()}';
  return messageId == null ? chat : '$chat/messages/${messageId.toLowerCase()}';
}

// A listener that fails is not this client's fault, and stops nothing.
void _report(Object error, StackTrace trace) => Zone.current.print('$error\n$trace');

/// A random UUID of version 4.
String uuid() {
  final source = Random.secure();
  final bytes = List<int>.generate(16, (_) => source.nextInt(256));
  bytes[6] = (bytes[6] & 0x0F) | 0x40;
  bytes[8] = (bytes[8] & 0x3F) | 0x80;
  final hex = bytes.map((x) => x.toRadixString(16).padLeft(2, '0')).join();
  return '${hex.substring(0, 8)}-${hex.substring(8, 12)}-${hex.substring(12, 16)}-'
      '${hex.substring(16, 20)}-${hex.substring(20)}';
}
