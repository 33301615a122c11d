using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>Uploads: size, quota, retention and storage.</summary>
public sealed class MediaOptions
{
    /// <summary>The largest upload, in bytes.</summary>
    [Range(1, 1_099_511_627_776.0)]
    public long MaxUploadBytes { get; set; } = 100 * 1_048_576;

    /// <summary>The most bytes of all uploads of one user; the same bytes uploaded twice count twice.</summary>
    [Range(1, 1_125_899_906_842_624.0)]
    public long QuotaBytes { get; set; } = 1_073_741_824;

    /// <summary>The largest image, in millions of pixels.</summary>
    [Range(1, 10_000)]
    public int MaxMegapixels { get; set; } = 50;

    /// <summary>An upload that no message references is deleted after this many hours.</summary>
    [Range(0, 87_600)]
    public int GraceHours { get; set; } = 24;

    /// <summary>Interval of the cleanup of unreferenced uploads, in seconds.</summary>
    [Range(1, 86_400)]
    public int SweepSeconds { get; set; } = 600;

    /// <summary>How long a resumable upload may take, in hours.</summary>
    [Range(1, 8_760)]
    public int ResumableHours { get; set; } = 24;

    /// <summary>
    /// Where the bytes are kept: <c>disk</c>, <c>database</c> or <c>s3</c>. Unset: <c>s3</c> where a bucket is named,
    /// else <c>disk</c> with the embedded database and <c>database</c> with PostgreSQL. A change does not move existing
    /// files.
    /// </summary>
    [OneOf("disk", "database", "s3")]
    public string? Storage { get; set; }

    /// <summary>Folder of the files; several nodes must share it. Unset: <c>media</c> in the data directory.</summary>
    public string? Directory { get; set; }

    /// <summary>An S3-compatible store.</summary>
    public S3Options S3 { get; } = new();

    internal const string OnDisk = "disk";
    internal const string InDatabase = "database";
    internal const string InStore = "s3";

    /// <summary>
    /// Where the bytes are kept. Settings that contradict each other stop the start: a wrong guess loses files.
    /// </summary>
    internal string StorageOf(bool isSingleProcess)
    {
        var hasBucket = !string.IsNullOrEmpty(S3.Bucket);
        var storage = Storage ?? (hasBucket ? InStore : isSingleProcess ? OnDisk : InDatabase);
        return storage == InStore && !hasBucket
                ? throw new StartupException(
                    "Cote__Media__Storage is s3, but no bucket is named. Set Cote__Media__S3__Bucket.")
            : storage != InStore && hasBucket
                ? throw new StartupException(
                    $"Cote__Media__Storage is {storage}, but Cote__Media__S3__Bucket names a bucket. "
                    + "Unset one of them.")
            : storage != OnDisk && !string.IsNullOrEmpty(Directory)
                ? throw new StartupException(
                    "Cote__Media__Directory names a folder, but media are kept in "
                    + $"{(storage == InStore ? "a bucket" : "the database")}. "
                    + "Unset it, or set Cote__Media__Storage to disk.")
            : storage == OnDisk && !isSingleProcess && string.IsNullOrEmpty(Directory)
                ? throw new StartupException(
                    "Cote__Media__Storage is disk, and other nodes may use this database. "
                    + "Name the folder that all of them share with Cote__Media__Directory.")
            : storage;
    }
}

/// <summary>An S3-compatible store.</summary>
public sealed class S3Options
{
    /// <summary>The bucket; it must exist. Selects S3.</summary>
    public string? Bucket { get; set; }

    /// <summary>The endpoint, such as <c>https://minio.example:9000</c>. Unset: Amazon's, of the region.</summary>
    [Url]
    public string? Endpoint { get; set; }

    /// <summary>The region.</summary>
    [Required]
    public string Region { get; set; } = "us-east-1";

    /// <summary>The access key. Unset: AWS's default credential chain.</summary>
    public string? AccessKey { get; set; }

    /// <summary>The secret key.</summary>
    public Secret? SecretKey { get; set; }
}
