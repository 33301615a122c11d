import 'dart:io';

import 'storage.dart';

/// Keeps each value in a file of a folder, for one process at a time.
Storage fileStorage(String folder) => _FileStorage(Directory(folder));

class _FileStorage implements Storage {
  _FileStorage(this._folder);

  final Directory _folder;

  /// The last write: each waits for the one before it.
  Future<void> _writing = Future<void>.value();

  @override
  Future<String?> get(String key) async {
    await _writing;
    final file = _file(key);
    return await file.exists() ? await file.readAsString() : null;
  }

  @override
  Future<void> set(String key, String value) => _next(() async {
        await _folder.create(recursive: true);
        final fresh = File('${_file(key).path}.new');
        await fresh.writeAsString(value, flush: true);
        await fresh.rename(_file(key).path);
      });

  @override
  Future<void> remove(String key) => _next(() async {
        final file = _file(key);
        if (await file.exists()) {
          await file.delete();
        }
      });

  Future<void> _next(Future<void> Function() act) {
    final done = _writing.then((_) => act());
    _writing = done.catchError((Object _) {});
    return done;
  }

  File _file(String key) => File('${_folder.path}${Platform.pathSeparator}${Uri.encodeComponent(key)}.json');
}
