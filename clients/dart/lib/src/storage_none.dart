import 'storage.dart';

/// Keeps each value in a file of a folder. In a browser there are no files.
Storage fileStorage(String folder) => throw UnsupportedError('A browser has no files: give a Storage of your own.');
