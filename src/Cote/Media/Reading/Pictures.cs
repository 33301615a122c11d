using ImageMagick;

namespace Cote.Media.Reading;

/// <summary>A picture in one of the formats that models and browsers read.</summary>
/// <param name="Width">As viewers show it.</param>
/// <param name="Height">As viewers show it.</param>
sealed record EncodedPicture(byte[] Bytes, string ContentType, int Width, int Height);

/// <summary>
/// Pictures made anew from uploads: upright, in sRGB with 8 bits a colour, the first of several, and without a byte of
/// metadata. What cannot be made is an <see cref="UnreadableException"/>.
/// </summary>
static class Pictures
{
    const int JpegQuality = 85;
    const int WebPQuality = 80;
    const int LongestWebPSide = 16_383;
    const int MostTries = 40;

    /// <summary>
    /// For a model: PNG where it has transparency or few colours and fits, else JPEG, on white. It is scaled down until
    /// it fits, and never up.
    /// </summary>
    /// <param name="maxSide">The most pixels of width and of height.</param>
    /// <param name="turn">Degrees clockwise beyond what the file says itself; a multiple of 90.</param>
    public static EncodedPicture ForModel(
        byte[] file, string contentType, int maxBytes, int maxSide, int turn = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(turn % 90, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSide, 1);
        return Read(file, contentType, (width, height) => Math.Min(1, maxSide / (double)Math.Max(width, height)),
            image =>
            {
                if (turn % 360 != 0)
                {
                    image.Rotate(turn);
                    image.ResetPage();
                }
                var isPng = image.HasAlpha || (PictureReader.IsLossless(contentType) && HasFewColours(image));
                return (isPng ? Png(image, maxBytes) : null) ?? Jpeg(image, maxBytes);
            });
    }

    /// <summary>A WebP that is at most so wide, and never wider than the picture itself.</summary>
    public static EncodedPicture Thumbnail(byte[] file, string contentType, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Read(file, contentType,
            (own, height) => Math.Min(1, Math.Min(width / (double)own, LongestWebPSide / (double)height)), image =>
            {
                image.Quality = WebPQuality;
                return Encoded(image, MagickFormat.WebP, "image/webp");
            });
    }

    static EncodedPicture Read(
        byte[] file, string contentType, PictureScale scale, Func<MagickImage, EncodedPicture> encode)
    {
        try
        {
            using var image = PictureReader.Read(file, contentType, scale);
            return encode(image);
        }
        catch (MagickException e)
        {
            throw new UnreadableException(PictureReader.WordOf(e), e);
        }
        catch (OutOfMemoryException e)
        {
            throw new UnreadableException(UnreadableException.TooLarge, e);
        }
    }

    static EncodedPicture? Png(MagickImage image, int maxBytes)
    {
        using var file = new CappedStream(maxBytes);
        try
        {
            image.Write(file, MagickFormat.Png);
        }
        catch (MagickException) when (file.IsFull)
        {
            return null;
        }
        return file.IsFull ? null : new(file.ToArray(), "image/png", (int)image.Width, (int)image.Height);
    }

    // The bytes go down about as the pixels do: the next size is guessed from how much it is too large.
    static EncodedPicture Jpeg(MagickImage image, int maxBytes)
    {
        if (image.HasAlpha)
        {
            image.BackgroundColor = MagickColors.White;
            image.Alpha(AlphaAction.Remove);
        }
        image.Quality = JpegQuality;
        for (var i = 0; i < MostTries; i++)
        {
            var picture = Encoded(image, MagickFormat.Jpeg, "image/jpeg");
            if (picture.Bytes.Length <= maxBytes)
                return picture;
            if (picture is { Width: 1, Height: 1 })
                break;
            var factor = Math.Clamp(Math.Sqrt(maxBytes / (double)picture.Bytes.Length) * 0.97, 0.25, 0.9);
            PictureReader.Shrink(image, factor);
        }
        throw new UnreadableException(UnreadableException.TooLarge);
    }

    static EncodedPicture Encoded(MagickImage image, MagickFormat format, string contentType) =>
        new(image.ToByteArray(format), contentType, (int)image.Width, (int)image.Height);

    // A photo's pixels are nearly all different; drawings and screens have surfaces of one colour.
    static bool HasFewColours(MagickImage image)
    {
        const uint side = 256;
        using var some = (MagickImage)image.Clone();
        some.Sample(new MagickGeometry(Math.Min(side, image.Width), Math.Min(side, image.Height))
        {
            IgnoreAspectRatio = true,
        });
        using var pixels = some.GetPixelsUnsafe();
        var bytes = pixels.ToByteArray(PixelMapping.RGB) ?? [];
        var colours = new HashSet<int>();
        for (var i = 0; i + 2 < bytes.Length; i += 3)
            colours.Add((bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2]);
        return colours.Count <= Math.Max(256, bytes.Length / 3 / 8);
    }
}
