using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote.Media;

/// <summary>Uploads: how large, how much, how long, and where they are kept.</summary>
public sealed class MediaOptions
{
    [Description("The largest upload, in bytes.")]
    [Range(1, 1_099_511_627_776.0)]
    public long MaxUploadBytes { get; set; } = 100 * 1_048_576;

    [Description("How much one user may keep, in bytes; the same bytes uploaded twice count twice.")]
    [Range(1, 1_125_899_906_842_624.0)]
    public long QuotaBytes { get; set; } = 1_073_741_824;

    [Description("The largest image, in millions of pixels.")]
    [Range(1, 10_000)]
    public int MaxMegapixels { get; set; } = 50;

    [Description("An upload that no message names is removed after so many hours.")]
    [Range(0, 87_600)]
    public int GraceHours { get; set; } = 24;

    [Description("How often what nobody names is looked for, in seconds.")]
    [Range(1, 86_400)]
    public int SweepSeconds { get; set; } = 600;

    [Description("How long a resumable upload may take, in hours.")]
    [Range(1, 8_760)]
    public int ResumableHours { get; set; } = 24;

    [Description("Keeps the bytes in an S3-compatible store. Unset: in the data directory.")]
    public S3Options S3 { get; } = new();
}

/// <summary>An S3-compatible store.</summary>
public sealed class S3Options
{
    [Description("The bucket; it must exist. Setting it turns the store on.")]
    public string? Bucket { get; set; }

    [Description("The endpoint, such as `https://minio.example:9000`. Unset: Amazon's, of the region.")]
    [Url]
    public string? Endpoint { get; set; }

    [Description("The region.")]
    [Required]
    public string Region { get; set; } = "us-east-1";

    [Description("The access key. Unset: what the machine's own role or environment gives.")]
    public string? AccessKey { get; set; }

    [Description("The secret key.")]
    public Secret? SecretKey { get; set; }
}
