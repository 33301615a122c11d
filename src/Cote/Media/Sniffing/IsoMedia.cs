using System.Text;

namespace Cote.Media;

/// <summary>
/// Files of ISO base media: films, sound, HEIF and AVIF images. A program that knows one of a file's compatible brands
/// may read it, whatever the major brand is; so the first brand that is known here decides the type.
/// </summary>
static class IsoMedia
{
    const int LongestBrands = 4_096;
    const string Film = "video/mp4";
    const string Sound = "audio/mp4";
    const string QuickTime = "video/quicktime";
    const string Heic = "image/heic";
    const string Avif = "image/avif";
    const string AnyHeif = "image/heif"; // the container; its other brands name the codec

    // A photo of Canon's cameras names "isom" as compatible, and no player shows it.
    const string CanonRaw = "crx ";

    // The first box: `ftyp`, or what may stand before it. QuickTime files of before 2003 have no `ftyp`.
    static readonly string[] Beginnings = ["ftyp", "free", "skip", "wide", "uuid", "pnot", "mdat", "moov"];

    /// <summary>Null where the file is none, or has no brand that is taken.</summary>
    public static FileType? Detect(FileProbe file, string name)
    {
        if (!MayBegin(file.Head))
            return null;
        var isMovie = false;
        foreach (var box in new IsoBoxes(file).Walk(0, file.Length))
        {
            if (box.Type == "ftyp")
                return OfBrands(file, name, BrandsOf(file, box));
            isMovie |= box.Type == "moov" && IsMovie(file, box);
        }
        return isMovie ? new(QuickTime) : null;
    }

    /// <summary>Whether a file of ISO base media may begin so.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> head) =>
        head.Length >= 12 && Beginnings.Contains(Encoding.Latin1.GetString(head[4..8]));

    static FileType? OfBrands(FileProbe file, string name, List<string> brands)
    {
        if (brands is [] or [CanonRaw, ..])
            return null;
        var type = brands.Select(TypeOf).FirstOrDefault(x => x is not null);
        if (type == AnyHeif)
            type = brands.Exists(x => TypeOf(x) == Avif) ? Avif : Heic;
        return type switch
        {
            null => null,
            Heic or Avif => HeifSize.Read(file) is var (width, height) ? new(type, width, height) : null,
            Film when FileNames.ExtensionOf(name).ToLowerInvariant() is ".m4a" or ".aac" => new(Sound),
            _ => new(type),
        };
    }

    static string? TypeOf(string brand) => brand switch
    {
        "avif" or "avis" => Avif,
        "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" or "hevm" or "hevs" => Heic,
        "mif1" or "mif2" or "msf1" => AnyHeif,
        "M4A " or "M4B " or "F4A " or "F4B " => Sound,
        "qt  " => QuickTime,
        "mp41" or "mp42" or "avc1" or "hvc1" or "hev1" or "av01" or "dash" or "cmfc" or "cmf2" or "cmff"
            or "M4V " or "M4VH" or "M4VP" or "F4V " or "f4v " or "MSNV" or "XAVC" or "mmp4" => Film,
        ['i', 's', 'o', ..] or ['3', 'g', ..] => Film,
        _ => null,
    };

    // The major brand, its version, which says nothing here, and the compatible brands.
    static List<string> BrandsOf(FileProbe file, IsoBox box)
    {
        var bytes = file.At(box.Start, (int)Math.Min(LongestBrands, box.End - box.Start));
        var brands = new List<string>();
        for (var at = 0; at + 4 <= bytes.Length; at += at == 0 ? 8 : 4)
            brands.Add(Encoding.Latin1.GetString(bytes, at, 4));
        return brands;
    }

    // Four letters at the right place may be chance, twice four are not.
    static bool IsMovie(FileProbe file, IsoBox box) =>
        new IsoBoxes(file).Walk(box.Start, box.End).FirstOrDefault().Type is "mvhd" or "cmov";
}
