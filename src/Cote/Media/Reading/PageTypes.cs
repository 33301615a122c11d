namespace Cote.Media.Reading;

/// <summary>The type of a picture that stands in a document.</summary>
static class PageTypes
{
    /// <summary>By its first bytes.</summary>
    public static string Of(ReadOnlySpan<byte> picture) =>
        picture.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) ? "image/jpeg"
        : picture.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47]) ? "image/png"
        : picture.StartsWith("II*\0"u8) || picture.StartsWith("MM\0*"u8) ? "image/tiff" : "image/jp2";
}
