import 'dart:async';

import 'http.dart';
import 'storage.dart';
import 'types.dart';

/// A write with an id of its own: however often it is sent, it happens once.
class Entry {
  const Entry({
    required this.id,
    required this.chatId,
    required this.path,
    required this.body,
    this.isFailed = false,
    this.error,
  });

  factory Entry.fromJson(Json json) {
    final error = json['error'] as Json?;
    return Entry(
      id: json['id'] as String,
      chatId: json['chat_id'] as String,
      path: json['path'] as String,
      body: json['body'] as Json,
      isFailed: json['state'] == 'failed',
      error: error == null
          ? null
          : CoteError(integer(error['status']), error['code'] as String, error['detail'] as String),
    );
  }

  final String id;
  final String chatId;
  final String path;
  final Json body;
  final bool isFailed;
  final CoteError? error;

  /// Whether it is a message, and not a chat or a regeneration.
  bool get isSend => body['content'] is String;

  Entry copy({Json? body, bool isFailed = false, CoteError? error}) =>
      Entry(id: id, chatId: chatId, path: path, body: body ?? this.body, isFailed: isFailed, error: error);

  Json toJson() {
    final error = this.error;
    return <String, dynamic>{
      'id': id,
      'chat_id': chatId,
      'path': path,
      'body': body,
      'state': isFailed ? 'failed' : 'waiting',
      if (error != null)
        'error': <String, dynamic>{'status': error.status, 'code': error.code, 'detail': error.detail},
    };
  }
}

/// How long a chat waits before its next try.
class _Delay {
  int failures = 0;
  Timer? timer;
}

/// Writes that are kept until the server has answered them, one after the other in each chat.
class Outbox {
  Outbox(this._http, this._storage);

  final Http _http;
  final Storage _storage;
  List<Entry> entries = <Entry>[];
  void Function() onChange = () {};
  void Function(Entry entry, Json answer) onAnswer = (Entry entry, Json answer) {};
  final Map<String, Completer<Json>> _waiters = <String, Completer<Json>>{};
  final Set<String> _busy = <String>{};
  final Map<String, _Delay> _delays = <String, _Delay>{};
  Future<void> _saving = Future<void>.value();
  bool _isOpen = false;

  /// Of whom the entries are.
  String? _userId;

  /// Whether the login has ended, and no other has begun.
  bool isOver = false;

  Future<void> load(String userId) async {
    _userId = userId;
    isOver = false;
    final stored = await _stored(userId).catchError((Object _) => <Entry>[]);
    if (_userId != userId) {
      return; // the login has ended meanwhile
    }
    final made = entries.where((x) => !stored.any((y) => y.id == x.id)).toList();
    entries = <Entry>[...stored, ...made];
    onChange();
    if (made.isNotEmpty) {
      unawaited(_save((now) => <Entry>[...now.where((x) => !made.any((y) => y.id == x.id)), ...made]));
    }
  }

  /// From now on it sends; before that it keeps.
  void start() {
    _isOpen = true;
    wake();
  }

  void close() {
    _isOpen = false;
    _forgetDelays();
    _giveUp(closed());
  }

  /// The login is over: what it has stored waits for the next one.
  void end() {
    close();
    _userId = null;
    isOver = true;
    entries = <Entry>[];
  }

  Future<void> clear() {
    entries = <Entry>[];
    _giveUp(loggedOut());
    onChange();
    return _save((_) => <Entry>[]);
  }

  void _giveUp(CoteError error) {
    final waiters = _waiters.values.toList();
    _waiters.clear();
    for (final waiter in waiters) {
      waiter.completeError(error);
    }
  }

  /// Completes with the server's answer, or with an error where it refuses.
  Future<Json> add(Entry entry) {
    if (isOver) {
      return Future<Json>.error(loggedOut());
    }
    if (_find(entry.id) != null) {
      return retry(entry.id);
    }
    entries = <Entry>[...entries, entry];
    onChange();
    final answer = _wait(entry.id);
    final saved = _save((stored) => <Entry>[...stored.where((x) => x.id != entry.id), entry]);
    unawaited(saved.then((_) => _run(entry.chatId)));
    return answer;
  }

  Future<Json> retry(String id) {
    final entry = _find(id);
    if (entry == null) {
      const error = CoteError(404, 'message_not_found', 'Nothing with this id waits to be sent.');
      return Future<Json>.error(error);
    }
    final answer = _wait(id);
    if (entry.isFailed) {
      _change(entry.copy());
    }
    unawaited(_run(entry.chatId));
    return answer;
  }

  void dismiss(String id) {
    const error = CoteError(0, 'dismissed', 'The message was dismissed before it was sent.');
    _waiters.remove(id)?.completeError(error);
    _remove(id);
  }

  /// There may be a network again, or a login.
  void wake() {
    _forgetDelays();
    for (final chatId in entries.map((x) => x.chatId).toSet()) {
      unawaited(_run(chatId));
    }
  }

  Future<void> _run(String chatId) async {
    if (!_busy.add(chatId)) {
      return;
    }
    try {
      while (_isOpen && _delays[chatId]?.timer == null && _http.bearer?.token != null) {
        final waiting = entries.where((x) => x.chatId == chatId && !x.isFailed);
        if (waiting.isEmpty) {
          return;
        }
        await _send(waiting.first);
      }
    } finally {
      _busy.remove(chatId);
    }
  }

  Future<void> _send(Entry entry) async {
    Json answer;
    try {
      answer = await _http.object('POST', entry.path, body: entry.body, timeout: const Duration(seconds: 30));
    } catch (error) {
      _refused(entry, error is CoteError ? error : CoteError(0, 'network', '$error'));
      return;
    }
    _delays.remove(entry.chatId);
    if (_find(entry.id) == null) {
      return;
    }
    _waiters.remove(entry.id)?.complete(answer);
    _remove(entry.id);
    onAnswer(entry, answer);
  }

  void _refused(Entry entry, CoteError error) {
    if (error.code == 'closed' || !_isOpen || _find(entry.id) == null) {
      return;
    }
    final fields = error.fields ?? const <Json>[];
    if (error.isPassing || error.status == 401) {
      final delay = _delays.putIfAbsent(entry.chatId, () => _Delay());
      delay.timer = Timer(backoff(delay.failures, error.retryAfter), () {
        delay.timer = null;
        unawaited(_run(entry.chatId));
      });
      delay.failures++;
    } else if (entry.body['parent_id'] != null && fields.any(_namesParent)) {
      // It was deleted meanwhile: then at the end of the chat.
      _change(entry.copy(body: <String, dynamic>{...entry.body}..remove('parent_id')));
    } else {
      _waiters.remove(entry.id)?.completeError(error);
      if (entry.isSend) {
        // A message stays until somebody has seen what became of it.
        _change(entry.copy(isFailed: true, error: error));
      } else {
        _remove(entry.id);
      }
    }
  }

  Future<Json> _wait(String id) {
    final waiter = _waiters.putIfAbsent(id, () => Completer<Json>());
    waiter.future.ignore(); // who does not wait for it sees it in the state
    return waiter.future;
  }

  Entry? _find(String id) {
    final found = entries.where((x) => x.id == id);
    return found.isEmpty ? null : found.first;
  }

  void _change(Entry entry) {
    List<Entry> change(List<Entry> old) => old.map((x) => x.id == entry.id ? entry : x).toList();
    entries = change(entries);
    onChange();
    unawaited(_save(change));
  }

  void _remove(String id) {
    _waiters.remove(id);
    List<Entry> change(List<Entry> old) => old.where((x) => x.id != id).toList();
    entries = change(entries);
    onChange();
    unawaited(_save(change));
  }

  void _forgetDelays() {
    for (final delay in _delays.values) {
      delay.timer?.cancel();
    }
    _delays.clear();
  }

  // Each change is made to what stands in the storage: another client may share it.
  Future<void> _save(List<Entry> Function(List<Entry> stored) change) {
    final id = _userId;
    if (id == null) {
      return _saving;
    }
    final saved = _saving.then((_) async {
      await keep(_storage, 'outbox:$id', change(await _stored(id)), id);
    });
    return _saving = saved.catchError((Object _) {}); // a full storage stops no message
  }

  // A list that cannot be read is none.
  Future<List<Entry>> _stored(String userId) async {
    final text = await _storage.get('outbox:$userId');
    try {
      return objects(parsed(text)).map((x) => Entry.fromJson(x)).toList();
    } catch (_) {
      return <Entry>[];
    }
  }
}

bool _namesParent(Json field) {
  final dynamic loc = field['loc'];
  return loc is List<dynamic> && loc.isNotEmpty && loc.last == 'parent_id';
}
