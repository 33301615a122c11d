using Cote.Http;
using Cote.Media.Reading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Media;

static class MediaModule
{
    public static void AddMedia(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(MediaApi.Describe));
        services.AddSingleton<MediaStore>();
        services.AddSingleton<UploadStore>();
        services.AddSingleton<MediaLinks>();
        services.AddSingleton<MediaFolders>();
        services.AddSingleton<ChunkStore>();
        services.AddSingleton<UploadLocks>();
        services.AddSingleton<MediaIngest>();
        services.AddSingleton<UploadReceiver>();
        services.AddSingleton<UploadFinisher>();
        services.AddSingleton<MediaFormStore>().AddSingleton<FileReader>().AddSingleton<MediaForms>();
        services.AddSingleton<Downloads>().AddSingleton(_ => ReaderProgram.Own());
        services.AddSingleton<IStartupFilter, MethodOverride>();
        services.AddSingleton(Storage);
        services.AddSingleton(Parts);
        services.AddSingleton<MediaGcLoop>();
        services.AddHostedService(x => x.GetRequiredService<MediaGcLoop>());
    }

    public static void MapMedia(this IEndpointRouteBuilder routes)
    {
        var media = routes.MapGroup("").WithTags("Media");
        media.MapPost("/upload/", UploadFile.Handle).AllowsKeys(KeyScopes.Write).RequireAuthorization()
            .Takes<UploadForm>("multipart/form-data").Produces<Uploaded>()
            .WithSummary("Upload an image, sound, film or document");
        media.MapGet("/media/{mediaId}", GetMedia.Handle)
            .AllowsKeys(KeyScopes.Read).Produces(200, contentType: "application/octet-stream")
            .WithSummary("The bytes of an upload, by token or by its signed URL; ranges work");
        media.MapMethods("/media/{mediaId}", ["HEAD"], GetMedia.Handle).AllowsKeys(KeyScopes.Read).Produces(200)
            .WithSummary("The headers of a download");
        media.MapGet("/media/{mediaId}/text", GetMedia.HandleText)
            .AllowsKeys(KeyScopes.Read).Produces(200, contentType: "text/plain")
            .WithName("GetMediaText").WithSummary("The text of a document or a recording, as models read it");

        var tus = media.MapGroup("").AddEndpointFilter(ResumableUpload.CheckVersion);
        tus.MapMethods("/upload/resumable", ["OPTIONS"], ResumableUpload.Options).Produces(204)
            .WithSummary("tus 1.0: the version and the extensions");
        tus.MapPost("/upload/resumable", ResumableUpload.Create)
            .AllowsKeys(KeyScopes.Write).RequireAuthorization().Produces(201)
            .WithSummary("tus 1.0: begin a resumable upload");
        tus.MapMethods("/upload/resumable/{uploadId}", ["HEAD"], ResumableUpload.Head).AllowsKeys(KeyScopes.Read)
            .RequireAuthorization().Produces(200).WithSummary("tus 1.0: how many bytes have been received");
        tus.MapPatch("/upload/resumable/{uploadId}", ResumableUpload.Patch)
            .AllowsKeys(KeyScopes.Write).RequireAuthorization().Produces(204)
            .WithSummary("tus 1.0: the next part");
        tus.MapDelete("/upload/resumable/{uploadId}", ResumableUpload.Delete)
            .AllowsKeys(KeyScopes.Write).RequireAuthorization().Produces(204)
            .WithSummary("tus 1.0: delete the upload");

        // Settings that contradict each other stop the start.
        _ = routes.ServiceProvider.GetRequiredService<BlobStorage>();
    }

    // Amazon's library is loaded only where a bucket is configured: the method that names its types is not compiled
    // else.
    static BlobStorage Storage(IServiceProvider services)
    {
        var options = services.GetRequiredService<MediaOptions>();
        return options.StorageOf(services.GetRequiredService<DatabaseEngine>().IsSingleProcess) switch
        {
            MediaOptions.InStore => Store(options.S3),
            MediaOptions.InDatabase => ActivatorUtilities.CreateInstance<DatabaseStorage>(services),
            _ => ActivatorUtilities.CreateInstance<DiskStorage>(services),
        };
    }

    static S3Storage Store(S3Options options) => new(options);

    static PartStore Parts(IServiceProvider services) =>
        services.GetRequiredService<DatabaseEngine>().IsSingleProcess
        ? ActivatorUtilities.CreateInstance<DiskPartStore>(services)
        : ActivatorUtilities.CreateInstance<DatabasePartStore>(services);
}
