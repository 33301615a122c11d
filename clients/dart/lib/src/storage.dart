import 'dart:async';

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
