using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cote.Data;
using Cote.Primitives;

namespace Cote.Admin;

/// <summary>A file of a backup beside the blobs, whose hashes stand in the database.</summary>
sealed record BackupFile(string Name, long Size, string Sha256);

/// <summary>
/// <c>manifest.json</c>: what a backup holds. It is written last, so that a folder with one is whole.
/// </summary>
/// <param name="Format">The form of the folder; this program knows <see cref="Newest"/> and those before it.</param>
/// <param name="Program">The version that made it.</param>
/// <param name="Engine">The engine of the database that it was made of; it can be restored into either.</param>
/// <param name="At">The moment that it shows.</param>
/// <param name="Schema">The last migration.</param>
/// <param name="Epoch">The epoch of the database at that moment. A restore begins a new one.</param>
/// <param name="Rows">The number of rows, by table.</param>
/// <param name="Blobs">The number of blobs whose bytes it holds.</param>
/// <param name="BlobBytes">Their bytes.</param>
/// <param name="LostBlobs">The blobs whose bytes were missing or damaged already.</param>
/// <param name="Files">The database, the keys, and the list of erased accounts.</param>
sealed record BackupManifest(
    int Format, string Program, string Engine, Timestamp At, string Schema, string Epoch,
    IReadOnlyDictionary<string, long> Rows, long Blobs, long BlobBytes, IReadOnlyList<string> LostBlobs,
    IReadOnlyList<BackupFile> Files)
{
    public const int Newest = 1;
    public const string FileName = "manifest.json";

    /// <summary>The file of the database, in a backup and in a data directory.</summary>
    public const string Database = "cote.db";

    public Task WriteAsync(string folder)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest);
        AtomicFile.Write(Path.Combine(folder, FileName), json);
        return Task.CompletedTask;
    }

    /// <summary>Reads it. Throws <see cref="StartupException"/> where the folder is no whole backup.</summary>
    public static BackupManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new StartupException($"There is no folder {folder}.");
        if (!File.Exists(path))
            throw new StartupException($"{folder} is no backup, or was cut off: it has no {FileName}.");
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), BackupJson.Default.BackupManifest);
            return manifest is { Format: <= Newest } ? manifest : throw new StartupException(
                $"{path} has the format {manifest?.Format}, which a newer Cote made; this one knows {Newest}.");
        }
        catch (JsonException error)
        {
            throw new StartupException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Describes a file of the folder.</summary>
    public static async Task<BackupFile> DescribeAsync(string folder, string name, CancellationToken ct)
    {
        await using var file = File.OpenRead(Path.Combine(folder, name));
        return new(name, file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)));
    }

    /// <summary>Refuses a backup of which a file is missing or was changed.</summary>
    public async Task VerifyAsync(string folder, CancellationToken ct)
    {
        foreach (var file in Files)
        {
            if (Path.GetFileName(file.Name) != file.Name)
                throw new StartupException($"The manifest names a file outside of the backup: {file.Name}.");
            if (!File.Exists(Path.Combine(folder, file.Name)))
                throw new StartupException($"The backup is damaged: {file.Name} is missing. Use another one.");
            if (await DescribeAsync(folder, file.Name, ct) != file)
                throw new StartupException(
                    $"The backup is damaged: {file.Name} is not what was written. Use another one.");
        }
        if (Files.All(x => x.Name != Database))
            throw new StartupException($"The manifest names no {Database}.");
    }
}

[JsonSerializable(typeof(BackupManifest))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
sealed partial class BackupJson : JsonSerializerContext;
