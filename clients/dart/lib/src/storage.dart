import 'dart:async';
import 'dart:convert';

export 'storage_none.dart' if (dart.library.io) 'storage_io.dart';

/// Where a client keeps what must outlive it: texts by key. All three may answer at once or by a future.
abstract class Storage {
  FutureOr<String?> get(String key);
  FutureOr<void> set(String key, String value);
  FutureOr<void> remove(String key);
}

class MemoryStorage implements Storage {
  final Map<String, String> _values = <String, String>{};

  @override
  String? get(String key) => _values[key];

  @override
  void set(String key, String value) {
    _values[key] = value;
  }

  @override
  void remove(String key) {
    _values.remove(key);
  }
}

/// What stands in a stored text; nothing where it cannot be read.
dynamic parsed(String? text) {
  try {
    return text == null ? null : jsonDecode(text);
  } on FormatException {
    return null;
  }
}

/// Keeps what cannot be fetched again: in a storage that is full, in place of the state of the user.
Future<void> keep(Storage storage, String key, Object? value, String? userId) async {
  final text = jsonEncode(value);
  try {
    await storage.set(key, text);
  } catch (_) {
    await storage.remove('state:$userId');
    await storage.set(key, text);
  }
}
