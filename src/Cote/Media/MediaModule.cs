using Cote.Data;
using Cote.Http;
using Microsoft.AspNetCore.Builder;
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
        services.AddSingleton<MediaLinks>();
        services.AddSingleton<MediaFolders>();
        services.AddSingleton<ChunkStore>();
        services.AddSingleton<UploadLocks>();
        services.AddSingleton<MediaIngest>();
        services.AddSingleton<UploadFinisher>();
        services.AddSingleton(Storage);
        services.AddSingleton(Pieces);
        services.AddSingleton<MediaGcLoop>();
        services.AddHostedService(x => x.GetRequiredService<MediaGcLoop>());
    }

    public static void MapMedia(this IEndpointRouteBuilder routes)
    {
        var media = routes.MapGroup("").WithTags("Media");
        media.MapPost("/upload/", UploadFile.Handle).RequireAuthorization()
            .Takes<UploadForm>("multipart/form-data").Produces<Uploaded>()
            .WithSummary("Upload a picture, sound, film or document");
        media.MapGet("/media/{mediaId}", GetMedia.Handle).Produces(200, contentType: "application/octet-stream")
            .WithSummary("The bytes of an upload, by token or by its signed URL; ranges work");
        media.MapMethods("/media/{mediaId}", ["HEAD"], GetMedia.Handle).Produces(200)
            .WithSummary("What a download would say of itself");

        var tus = media.MapGroup("").AddEndpointFilter(ResumableUpload.CheckVersion);
        tus.MapMethods("/upload/resumable", ["OPTIONS"], ResumableUpload.Options).Produces(204)
            .WithSummary("tus 1.0: what it can do");
        tus.MapPost("/upload/resumable", ResumableUpload.Create).RequireAuthorization().Produces(201)
            .WithSummary("tus 1.0: begin an upload in pieces");
        tus.MapMethods("/upload/resumable/{uploadId}", ["HEAD"], ResumableUpload.Head).RequireAuthorization().Produces(200)
            .WithSummary("tus 1.0: how far it has come");
        tus.MapPatch("/upload/resumable/{uploadId}", ResumableUpload.Patch).RequireAuthorization().Produces(204)
            .WithSummary("tus 1.0: the next piece");
        tus.MapDelete("/upload/resumable/{uploadId}", ResumableUpload.Delete).RequireAuthorization().Produces(204)
            .WithSummary("tus 1.0: give it up");

        _ = routes.ServiceProvider.GetRequiredService<BlobStorage>(); // settings that contradict each other are said now
    }

    // Amazon's library is loaded only where it is asked for.
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

    static PartStore Pieces(IServiceProvider services) => services.GetRequiredService<DatabaseEngine>().IsSingleProcess
        ? ActivatorUtilities.CreateInstance<DiskPartStore>(services)
        : ActivatorUtilities.CreateInstance<DatabasePartStore>(services);
}
