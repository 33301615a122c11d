using ImageMagick;

namespace Cote.Media.Reading;

/// <summary>How much smaller a picture of this size is to be, as viewers show it: a factor up to 1.</summary>
delegate double PictureScale(long width, long height);

/// <summary>Decodes pictures by the one reader of their type, and makes them upright sRGB of a size.</summary>
static class PictureReader
{
    // Above this the steps of a good filter do not fit beside each other, and pixels are left out instead.
    const long MostScaledBytes = 288L * 1_048_576;
    const int MostJp2Bytes = 160 * 1_048_576;

    /// <summary>Whether a type keeps drawings as they are.</summary>
    public static bool IsLossless(string contentType) =>
        contentType is "image/png" or "image/gif" or "image/bmp" or "image/tiff";

    /// <summary>Whether the library reads pictures of this type from a path only.</summary>
    public static bool NeedsPath(string contentType) =>
        OperatingSystem.IsLinux() && contentType is "image/heic" or "image/heif" or "image/avif";

    /// <summary>The first picture of a file, upright, in sRGB, without metadata, scaled down by a factor.</summary>
    public static MagickImage Read(byte[] file, string contentType, PictureScale scale)
    {
        ImageLibrary.Prepare();
        if (file.Length == 0)
            throw new UnreadableException(UnreadableException.Empty);
        using var probe = new FileProbe(new MemoryStream(file, writable: false));
        var orientation = Images.OrientationOf(probe, contentType);
        var settings = SettingsOf(file, contentType);
        if (contentType == "image/jpeg" && Images.Detect(probe) is { } type)
            HintJpeg(settings, type, orientation, scale(type.Width, type.Height));
        var image = Decode(file, settings, probe);
        try
        {
            PlaceOnCanvas(image);
            var swaps = Exif.SwapsSides(orientation);
            Shrink(image, scale(swaps ? image.Height : image.Width, swaps ? image.Width : image.Height));
            Normalize(image);
            image.Orientation = (ImageMagick.Orientation)orientation;
            image.AutoOrient();
            Strip(image);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Scales both sides by a factor below 1; a side is at least one pixel.</summary>
    public static void Shrink(MagickImage image, double factor)
    {
        var (width, height) = (Scaled(image.Width, factor), Scaled(image.Height, factor));
        if (width == image.Width && height == image.Height)
            return;
        var size = new MagickGeometry(width, height) { IgnoreAspectRatio = true };
        var between = (long)image.ChannelCount * ((long)image.Width * image.Height
            + Math.Max((long)width * image.Height, (long)height * image.Width) + (long)width * height);
        if (between > MostScaledBytes)
            image.Sample(size);
        else
            image.Resize(size, FilterType.Triangle);
        image.ResetPage();
    }

    /// <summary>The word for what the library says.</summary>
    public static string WordOf(MagickException e) =>
        e is MagickResourceLimitErrorException or MagickCacheErrorException
            || e.Message.Contains("exceed", StringComparison.OrdinalIgnoreCase)
            || e.Message.Contains("MemoryAllocationFailed", StringComparison.Ordinal)
            ? UnreadableException.TooLarge : UnreadableException.Damaged;

    static uint Scaled(uint side, double factor) => Math.Max(1, (uint)Math.Min(side, Math.Round(side * factor)));

    static MagickReadSettings SettingsOf(byte[] file, string contentType)
    {
        var settings = new MagickReadSettings
        {
            Format = contentType switch
            {
                "image/jpeg" => MagickFormat.Jpeg,
                "image/png" => MagickFormat.Png,
                "image/gif" => MagickFormat.Gif,
                "image/webp" => MagickFormat.WebP,
                "image/bmp" => MagickFormat.Bmp,
                "image/tiff" => MagickFormat.Tiff,
                "image/heic" or "image/heif" => MagickFormat.Heic,
                "image/avif" => MagickFormat.Avif,
                "image/jp2" => MagickFormat.Jp2,
                _ => throw new UnreadableException(UnreadableException.Damaged),
            },
            FrameIndex = 0,
            FrameCount = 1,
        };
        settings.SetDefine("tiff:ignore-layers", "true");
        settings.SetDefine("tiff:exif-properties", "false");
        if (contentType == "image/jp2" && Jp2Size.BytesOf(file) is > MostJp2Bytes and var bytes)
            settings.SetDefine("jp2:reduce-factor",
                $"{(int)Math.Ceiling(Math.Log(bytes / (double)MostJp2Bytes, 4))}");
        return settings;
    }

    // A JPEG is decoded at an eighth of its size as well as at the whole. Which eighths are used is rounded: of twice
    // what is needed there is never too little.
    static void HintJpeg(MagickReadSettings settings, FileType shown, int orientation, double factor)
    {
        if (factor >= 1)
            return;
        var (width, height) = Exif.SwapsSides(orientation) ? (shown.Height, shown.Width) : (shown.Width, shown.Height);
        settings.SetDefine("jpeg:size",
            $"{Math.Ceiling(2 * width * factor)}x{Math.Ceiling(2 * height * factor)}");
    }

    static MagickImage Decode(byte[] file, MagickReadSettings settings, FileProbe probe) => settings.Format switch
    {
        MagickFormat.Heic or MagickFormat.Avif when OperatingSystem.IsLinux() => DecodeNamed(file, settings),
        MagickFormat.Tiff => DecodeFirstPage(file, settings, probe),
        _ => new MagickImage(file, settings),
    };

    // The reader of HEIF takes paths only, and would write the bytes into a temporary file.
    static MagickImage DecodeNamed(byte[] file, MagickReadSettings settings)
    {
        using var named = MemoryFile.Of(file);
        return new MagickImage(named.Path, settings);
    }

    // The reader of TIFF counts all pages first, and gives up where one of a million is damaged: it is shown one.
    static MagickImage DecodeFirstPage(byte[] file, MagickReadSettings settings, FileProbe probe)
    {
        var next = TiffPage.NextAt(probe) is { } at ? file.AsSpan((int)at, 4) : default;
        var pages = next.ToArray();
        next.Clear();
        try
        {
            return new MagickImage(file, settings);
        }
        finally
        {
            pages.CopyTo(next);
        }
    }

    // The first frame of an animation may be smaller than the picture.
    static void PlaceOnCanvas(MagickImage image)
    {
        var page = image.Page;
        if (image.Format != MagickFormat.Gif || page.Width == 0 || page.Height == 0
            || (page is { X: 0, Y: 0 } && page.Width == image.Width && page.Height == image.Height))
            return;
        image.BackgroundColor = MagickColors.Transparent;
        image.Extent(new MagickGeometry(-page.X, -page.Y, page.Width, page.Height), MagickColors.Transparent);
        image.ResetPage();
    }

    // What the reader remembers would be written: times, an orientation, numbers as a TIFF had them.
    static void Strip(MagickImage image)
    {
        image.Strip();
        foreach (var name in image.AttributeNames.ToList())
            image.RemoveAttribute(name);
        image.Orientation = ImageMagick.Orientation.Undefined;
        image.ResetPage();
    }

    static void Normalize(MagickImage image)
    {
        if (image.GetColorProfile() is not null)
            try
            {
                image.TransformColorSpace(ColorProfiles.SRGB);
            }
            catch (MagickException e) when (WordOf(e) == UnreadableException.Damaged)
            {
                image.RemoveProfile("icc"); // a viewer that does not understand the profile shows the numbers
            }
        if (image.ColorSpace is not (ColorSpace.sRGB or ColorSpace.Gray))
            image.ColorSpace = ColorSpace.sRGB;
        image.Depth = 8;
        if (image.HasAlpha && image.IsOpaque)
            image.Alpha(AlphaAction.Off);
    }
}
