namespace Cote.Media.Reading;

/// <summary>The types of uploads of which a model gets more than the name.</summary>
static class ReadTypes
{
    static readonly string[] Plain = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    static readonly string[] Converted = ["image/heic", "image/avif", "image/bmp", "image/tiff"];
    static readonly string[] Texts = ["text/plain", "text/markdown", "text/csv", TextFiles.Json];
    static readonly string[] Heard = ["audio/wav", "audio/mpeg"];
    static readonly string[] Transcribed = ["audio/mp4", "audio/aac", "audio/ogg", "audio/webm", "audio/flac"];

    /// <summary>Those of this program.</summary>
    /// <param name="transcribes">Whether recordings are transcribed.</param>
    public static IEnumerable<string> Of(bool transcribes) =>
    [
        .. Plain, .. ReaderProgram.ReadsPictures ? Converted : [], .. Texts, .. Documents.Types, .. Heard,
        .. transcribes ? Transcribed : [],
    ];
}
